using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Contracts.Fleet;

/// <summary>
/// Asks for a place for a worker that is about to register, without starting its entity. Answer: <see cref="Done"/> if it is registered
/// already or there is a place, which is then kept for it for a moment; <see cref="Refused"/> (limit reached) if
/// <c>max-registered</c> workers are registered.
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
/// Asks whether a worker is known, without starting its entity. Answer: <see cref="WorkerSeen"/> where it is, with its last sign of life as
/// far as the bucket knows it, or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "find-worker")]
public sealed record FindWorker : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>A hint of a worker's last sign of life, for what people are shown; not stored. No answer.</summary>
[ProtoContract(Name = "worker-seen")]
public sealed record WorkerSeen : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>When it was last heard of; null if it was not since its entity started.</summary>
    [ProtoMember(3)] public DateTimeOffset? At { get; init; }

    /// <summary>What it last measured; null before its first heartbeat.</summary>
    [ProtoMember(4)] public WorkerMetrics? Metrics { get; init; }

    /// <summary>The leases it is believed to hold.</summary>
    [ProtoMember(5)] public int HeldLeases { get; init; }

    /// <summary>Why it is shown as degraded.</summary>
    [ProtoMember(6)] public string? Degraded { get; init; }

    /// <summary>How far its clock is from ours, in seconds.</summary>
    [ProtoMember(7)] public double? ClockSkewSeconds { get; init; }

    /// <summary>The queue partitions that keep the worker's interest, as far as its entity knows.</summary>
    [ProtoMember(8)] public ImmutableArray<int> InterestIn { get; init; } = [];

    /// <summary>
    /// The incarnations of these partitions that its entity knows, combined by exclusive or. Where others run now, the bucket answers with
    /// a restart of the queues.
    /// </summary>
    [ProtoMember(9)] public long InterestIncarnations { get; init; }
}

/// <summary>Asks a bucket for workers in the order of their ids. Answer: <see cref="WorkerPage"/>.</summary>
[ProtoContract(Name = "list-workers")]
public sealed record ListWorkers : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>Only ids after this one (ordinal).</summary>
    [ProtoMember(2)] public WorkerId? After { get; init; }

    /// <summary>The most to return, 1 to 1,000.</summary>
    [ProtoMember(3)] public int Limit { get; init; } = 100;
}

/// <summary>A page of workers.</summary>
[ProtoContract(Name = "worker-page")]
public sealed record WorkerPage : IWireMessage
{
    /// <summary>The workers.</summary>
    [ProtoMember(1)] public ImmutableArray<WorkerInfo> Workers { get; init; } = [];

    /// <summary>Whether there are more after these: the page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>Asks a bucket for its counts. Answer: <see cref="WorkerStats"/>.</summary>
[ProtoContract(Name = "get-worker-stats")]
public sealed record GetWorkerStats : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }
}

/// <summary>Counts of the fleet, or of one bucket's share.</summary>
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

    /// <summary>With an open breaker, registered or not.</summary>
    [ProtoMember(6)] public int ActiveCircuitBreakers { get; init; }

    /// <summary>With any success or failure known, registered or not.</summary>
    [ProtoMember(7)] public int WorkersWithReliabilityData { get; init; }

    /// <summary>Registered workers by capability.</summary>
    [ProtoMember(8)] public ImmutableSortedDictionary<string, int> ByCapability { get; init; } = ImmutableSortedDictionary<string, int>.Empty;
}
