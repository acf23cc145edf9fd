using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>A drain that an operator started.</summary>
[ProtoContract]
public sealed record WorkerDrain
{
    /// <summary>Why.</summary>
    [ProtoMember(1)] public string Reason { get; init; } = "";

    /// <summary>When leases still held are given back; null if there is no deadline.</summary>
    [ProtoMember(2)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>Whether the deadline has passed and they were given back.</summary>
    [ProtoMember(3)] public bool DeadlinePassed { get; init; }

    /// <summary>The time from the start of the drain to its deadline.</summary>
    [ProtoMember(4)] public TimeSpan? Within { get; init; }
}
