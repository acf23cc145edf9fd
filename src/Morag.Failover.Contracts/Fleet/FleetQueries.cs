using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Contracts.Fleet;

/// <summary>
/// Reserves a place for a worker that is about to register, without starting its entity. Reply: <see cref="Done"/> if it is already
/// registered or there is a place, which is then reserved for 30 s; <see cref="Refused"/> (limit reached) if <c>max-registered</c> is
/// reached.
/// </summary>
[ProtoContract(Name = "admit-worker")]
public sealed record AdmitWorker : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>
/// Checks whether a worker is known, without starting its entity. Reply: <see cref="WorkerSeen"/> with its last sign of life as far as the
/// bucket knows, or <see cref="Refused"/> if it is unknown.
/// </summary>
[ProtoContract(Name = "find-worker")]
public sealed record FindWorker : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>Reports a worker's last sign of life, for display. Not stored. No reply.</summary>
[ProtoContract(Name = "worker-seen")]
public sealed record WorkerSeen : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The last sign of life; null if there was none since its entity started.</summary>
    [ProtoMember(3)] public DateTimeOffset? At { get; init; }

    /// <summary>Its last metrics; null before its first heartbeat.</summary>
    [ProtoMember(4)] public WorkerMetrics? Metrics { get; init; }

    /// <summary>The number of leases it is believed to hold.</summary>
    [ProtoMember(5)] public int HeldLeases { get; init; }

    /// <summary>Why it is displayed as degraded; null if it is not.</summary>
    [ProtoMember(6)] public string? Degraded { get; init; }

    /// <summary>The offset of its clock from the node's clock in seconds; positive means ahead.</summary>
    [ProtoMember(7)] public double? ClockSkewSeconds { get; init; }

    /// <summary>The queue partitions that have registered the worker's interest, as far as its entity knows.</summary>
    [ProtoMember(8)] public ImmutableArray<int> InterestIn { get; init; } = [];

    /// <summary>
    /// The exclusive or of the incarnations of these partitions. If it differs from the current one, the bucket tells the worker's entity
    /// that the queues have restarted.
    /// </summary>
    [ProtoMember(9)] public long InterestIncarnations { get; init; }
}

/// <summary>Lists the workers of a bucket, ordered by id. Reply: <see cref="WorkerPage"/>.</summary>
[ProtoContract(Name = "list-workers")]
public sealed record ListWorkers : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>Lists only ids after this one, in ordinal order.</summary>
    [ProtoMember(2)] public WorkerId? After { get; init; }

    /// <summary>The most workers to return, 1 to 1,000.</summary>
    [ProtoMember(3)] public int Limit { get; init; } = 100;
}

/// <summary>A page of workers.</summary>
[ProtoContract(Name = "worker-page")]
public sealed record WorkerPage : IWireMessage
{
    /// <summary>The workers.</summary>
    [ProtoMember(1)] public ImmutableArray<WorkerInfo> Workers { get; init; } = [];

    /// <summary>
    /// Whether there are more after these: the page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.
    /// </summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>Gets the counts of a bucket. Reply: <see cref="WorkerStats"/>.</summary>
[ProtoContract(Name = "get-worker-stats")]
public sealed record GetWorkerStats : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }
}

/// <summary>Counts of the fleet, or of one bucket.</summary>
[ProtoContract(Name = "worker-stats")]
public sealed record WorkerStats : IWireMessage
{
    /// <summary>Registered workers.</summary>
    [ProtoMember(1)] public int TotalWorkers { get; init; }

    /// <summary>Alive.</summary>
    [ProtoMember(2)] public int AliveWorkers { get; init; }

    /// <summary>Suspect.</summary>
    [ProtoMember(3)] public int SuspectWorkers { get; init; }

    /// <summary>Offline.</summary>
    [ProtoMember(4)] public int OfflineWorkers { get; init; }

    /// <summary>Draining.</summary>
    [ProtoMember(5)] public int DrainingWorkers { get; init; }

    /// <summary>Workers with an open breaker, registered or not.</summary>
    [ProtoMember(6)] public int ActiveCircuitBreakers { get; init; }

    /// <summary>Workers with any recorded success or failure, registered or not.</summary>
    [ProtoMember(7)] public int WorkersWithReliabilityData { get; init; }

    /// <summary>Registered workers by capability.</summary>
    [ProtoMember(8)]
    public ImmutableSortedDictionary<string, int> ByCapability { get; init; } =
        ImmutableSortedDictionary<string, int>.Empty;
}
