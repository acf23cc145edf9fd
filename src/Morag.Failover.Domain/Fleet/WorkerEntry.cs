using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>A worker in the directory. The worker's entity sends it until the directory acknowledges it.</summary>
[ProtoContract]
public sealed record WorkerEntry
{
    /// <summary>Grows with each change.</summary>
    [ProtoMember(1)] public required long Revision { get; init; }

    /// <summary>The registration; null for a worker that is not registered.</summary>
    [ProtoMember(2)] public WorkerRegistration? Registration { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(3)] public required WorkerId WorkerId { get; init; }

    /// <summary>Its liveness.</summary>
    [ProtoMember(4)] public Liveness Liveness { get; init; }

    /// <summary>Its status.</summary>
    [ProtoMember(5)] public WorkerStatus Status { get; init; }

    /// <summary>Whether it is draining.</summary>
    [ProtoMember(6)] public bool Draining { get; init; }

    /// <summary>Its breaker's state.</summary>
    [ProtoMember(7)] public BreakerState BreakerState { get; init; }

    /// <summary>When it first registered.</summary>
    [ProtoMember(8)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Whether it has any recorded success or failure.</summary>
    [ProtoMember(9)] public bool HasReliabilityData { get; init; }

    /// <summary>Whether it has unregistered.</summary>
    [ProtoMember(10)] public bool Unregistered { get; init; }

    /// <summary>When it was last lost, unplanned, while it held leases.</summary>
    [ProtoMember(11)] public DateTimeOffset? LostAt { get; init; }

    /// <summary>Since when it has been offline, unregistered, or known only by reports; null otherwise.</summary>
    [ProtoMember(12)] public DateTimeOffset? GoneSince { get; init; }

    /// <summary>Why it is offline; null if it is not.</summary>
    [ProtoMember(13)] public OfflineCause? OfflineCause { get; init; }
}
