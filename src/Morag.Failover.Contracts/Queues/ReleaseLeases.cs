using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Returns leases without blame. The reply, sent when the change is durable, is <see cref="LeaseResults"/>, or <see cref="Refused"/> if
/// there are more than <see cref="CallLimits.MaxEntries"/> leases.
/// </summary>
[ProtoContract(Name = "release-leases")]
public sealed record ReleaseLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];

    /// <summary>The reason, for the history.</summary>
    [ProtoMember(4)] public string Reason { get; init; } = "";
}

/// <summary>Identifies a lease.</summary>
[ProtoContract]
public sealed record LeaseRef
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }
}
