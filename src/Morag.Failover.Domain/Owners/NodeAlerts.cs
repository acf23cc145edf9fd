using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Owners;

/// <summary>Asks a node which of its owners fail. Reply: <see cref="NodeAlerts"/>.</summary>
[ProtoContract(Name = "get-node-alerts")]
public sealed record GetNodeAlerts : IWireMessage;

/// <summary>The owners of one node that fail, those that have failed for the longest time first, and how its store does.</summary>
[ProtoContract(Name = "node-alerts")]
public sealed record NodeAlerts : IWireMessage
{
    /// <summary>The most alerts in one reply.</summary>
    public const int MaxAlerts = 500;

    /// <summary>The alerts; at most <see cref="MaxAlerts"/>.</summary>
    [ProtoMember(1)] public ImmutableArray<OwnerAlert> Alerts { get; init; } = [];

    /// <summary>How many more there are.</summary>
    [ProtoMember(2)] public int More { get; init; }

    /// <summary>The node's longest write to the store of the last 15 to 30 s; null if it wrote nothing.</summary>
    [ProtoMember(3)] public TimeSpan? SlowestWrite { get; init; }

    /// <summary>The share of the store's memory in use, 0 to 1; null if it is unlimited or unknown.</summary>
    [ProtoMember(4)] public double? StoreUse { get; init; }
}
