using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Owners;

/// <summary>Asks a node which of its owners fail. Reply: <see cref="NodeAlerts"/>.</summary>
[ProtoContract(Name = "get-node-alerts")]
public sealed record GetNodeAlerts : IWireMessage;

/// <summary>The owners of one node that fail, those that have failed for the longest time first.</summary>
[ProtoContract(Name = "node-alerts")]
public sealed record NodeAlerts : IWireMessage
{
    /// <summary>The most alerts in one reply.</summary>
    public const int MaxAlerts = 500;

    /// <summary>The alerts; at most <see cref="MaxAlerts"/>.</summary>
    [ProtoMember(1)] public ImmutableArray<OwnerAlert> Alerts { get; init; } = [];

    /// <summary>How many more there are.</summary>
    [ProtoMember(2)] public int More { get; init; }
}
