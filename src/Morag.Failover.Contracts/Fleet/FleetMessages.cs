using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Contracts.Fleet;

/// <summary>What decides whether a worker can take a task: workers with the same profile can take the same tasks.</summary>
[ProtoContract]
public sealed record WorkerProfile
{
    /// <summary>What kind of machine it is.</summary>
    [ProtoMember(1)] public required WorkerCapability Capability { get; init; }

    /// <summary>The queues that it named; empty means all that its capability serves.</summary>
    [ProtoMember(2)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>The content types it supports; empty means all.</summary>
    [ProtoMember(3)] public ImmutableArray<string> ContentTypes { get; init; } = [];

    /// <summary>How many GPUs.</summary>
    [ProtoMember(4)] public int GpuCount { get; init; }

    /// <summary>Main memory in GiB; 0 where it is not known, which meets no requirement.</summary>
    [ProtoMember(5)] public double MemoryGb { get; init; }

    /// <summary>Disk space in GiB; 0 where it is not known, which meets no requirement.</summary>
    [ProtoMember(6)] public double DiskGb { get; init; }
}

/// <summary>What the directory keeps of one worker: told by the worker's entity, and owed until acknowledged.</summary>
[ProtoContract]
public sealed record WorkerEntry
{
    /// <summary>Grows with each change.</summary>
    [ProtoMember(1)] public required long Revision { get; init; }

    /// <summary>What the worker said of itself; null for one that is only known by reports about it.</summary>
    [ProtoMember(2)] public WorkerRegistration? Registration { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(3)] public required WorkerId WorkerId { get; init; }

    /// <summary>How alive it is.</summary>
    [ProtoMember(4)] public Liveness Liveness { get; init; }

    /// <summary>Its status as the system sees it.</summary>
    [ProtoMember(5)] public WorkerStatus Status { get; init; }

    /// <summary>Whether it drains.</summary>
    [ProtoMember(6)] public bool Draining { get; init; }

    /// <summary>Its breaker's state.</summary>
    [ProtoMember(7)] public BreakerState BreakerState { get; init; }

    /// <summary>When it first registered.</summary>
    [ProtoMember(8)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Whether any success or failure of it is known.</summary>
    [ProtoMember(9)] public bool HasReliabilityData { get; init; }

    /// <summary>True once it unregistered: the directory forgets it.</summary>
    [ProtoMember(10)] public bool Unregistered { get; init; }

    /// <summary>When it was last lost with work in hand, unplanned.</summary>
    [ProtoMember(11)] public DateTimeOffset? LostAt { get; init; }

    /// <summary>Since when it is offline, has left, or is only known by reports; null while it may work.</summary>
    [ProtoMember(12)] public DateTimeOffset? GoneSince { get; init; }
}

/// <summary>A worker's entity tells its directory bucket its present entry. Answer, once durable: <see cref="WorkerEntryTaken"/>.</summary>
[ProtoContract(Name = "update-worker-entry")]
public sealed record UpdateWorkerEntry : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The entry.</summary>
    [ProtoMember(2)] public required WorkerEntry Entry { get; init; }
}

/// <summary>The directory keeps that revision, or a newer one.</summary>
[ProtoContract(Name = "worker-entry-taken")]
public sealed record WorkerEntryTaken : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The revision.</summary>
    [ProtoMember(2)] public required long Revision { get; init; }
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
    /// <see cref="QueuesRestarted"/>.
    /// </summary>
    [ProtoMember(9)] public long InterestIncarnations { get; init; }
}

/// <summary>
/// Asks a bucket for its part of the fleet view. Answer: <see cref="FleetSlice"/>, at once where <see cref="KnownVersion"/> is old,
/// else when it changes or when the wait is over.
/// </summary>
[ProtoContract(Name = "get-fleet-slice")]
public sealed record GetFleetSlice : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The version that the asker has; -1 for none.</summary>
    [ProtoMember(2)] public long KnownVersion { get; init; } = -1;

    /// <summary>How long to wait for a change.</summary>
    [ProtoMember(3)] public TimeSpan Wait { get; init; }

    /// <summary>The queue partition that asks; null for others. From it the bucket knows which run of each partition is the present one.</summary>
    [ProtoMember(4)] public QueueIncarnation? Asker { get; init; }
}

/// <summary>
/// How many workers are registered and not offline, and still get no leases. Each is counted once, under the first reason that applies.
/// </summary>
[ProtoContract]
public sealed record UnavailableWorkers
{
    /// <summary>Workers that drain.</summary>
    [ProtoMember(1)] public int Draining { get; init; }

    /// <summary>Workers with an open breaker. A half-open breaker lets probes through, so its worker is available.</summary>
    [ProtoMember(2)] public int BreakerOpen { get; init; }

    /// <summary>Workers that report the status error.</summary>
    [ProtoMember(3)] public int Error { get; init; }

    /// <summary>Workers that are suspect.</summary>
    [ProtoMember(4)] public int Suspect { get; init; }
}

/// <summary>The workers of one profile that may take leases now.</summary>
[ProtoContract]
public sealed record ProfileCount
{
    /// <summary>The profile.</summary>
    [ProtoMember(1)] public required WorkerProfile Profile { get; init; }

    /// <summary>Workers that are registered and alive, not draining, without error, with a breaker that is not open.</summary>
    [ProtoMember(2)] public int Ready { get; init; }

    /// <summary>Workers that are registered and not offline (also suspect ones, draining ones and those with an open breaker).</summary>
    [ProtoMember(3)] public int Live { get; init; }

    /// <summary>Up to two of the ready ones, so that "any other than X" can be answered.</summary>
    [ProtoMember(4)] public ImmutableArray<WorkerId> SomeReady { get; init; } = [];

    /// <summary>Why the live workers that are not ready are not.</summary>
    [ProtoMember(5)] public UnavailableWorkers Unavailable { get; init; } = new();
}

/// <summary>One bucket's part of the fleet view, or a part of that where it is larger than <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
[ProtoContract(Name = "fleet-slice")]
public sealed record FleetSlice : IWireMessage
{
    /// <summary>The bucket.</summary>
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>Grows with each change while the bucket runs; begins anew, higher, when it restarts.</summary>
    [ProtoMember(2)] public long Version { get; init; }

    /// <summary>The profiles with at least one live worker.</summary>
    [ProtoMember(3)] public ImmutableArray<ProfileCount> Profiles { get; init; } = [];

    /// <summary>When workers were lost, unplanned, within the last hour; newest last, at most 1,000.</summary>
    [ProtoMember(4)] public ImmutableArray<RecentLoss> RecentLosses { get; init; } = [];

    /// <summary>Registered workers.</summary>
    [ProtoMember(5)] public int Registered { get; init; }

    /// <summary>Which part of the slice it is, from 0.</summary>
    [ProtoMember(6)] public int Part { get; init; }

    /// <summary>Whether further parts of it follow: they are sent one after the other, and differ only in <see cref="Profiles"/>.</summary>
    [ProtoMember(7)] public bool HasMore { get; init; }
}

/// <summary>A worker that was lost.</summary>
[ProtoContract]
public sealed record RecentLoss
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(2)] public DateTimeOffset At { get; init; }
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
