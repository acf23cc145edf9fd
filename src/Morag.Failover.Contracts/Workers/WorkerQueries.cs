using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>Gets a worker. Reply: <see cref="WorkerInfo"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-worker")]
public sealed record GetWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>Gets a worker's score. Reply: <see cref="WorkerReliabilityScore"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-worker-reliability")]
public sealed record GetWorkerReliability : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>A worker for display.</summary>
[ProtoContract(Name = "worker-info")]
public sealed record WorkerInfo : IWireMessage
{
    /// <summary>Its registration.</summary>
    [ProtoMember(1)] public required WorkerRegistration Registration { get; init; }

    /// <summary>Its status.</summary>
    [ProtoMember(2)] public WorkerStatus Status { get; init; }

    /// <summary>Its last metrics; null before its first heartbeat since the node started.</summary>
    [ProtoMember(3)] public WorkerMetrics? Metrics { get; init; }

    /// <summary>Its last sign of life; null if there was none since its entity started.</summary>
    [ProtoMember(4)] public DateTimeOffset? LastHeartbeat { get; init; }

    /// <summary>When it first registered.</summary>
    [ProtoMember(5)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Grows with each change of registration or status.</summary>
    [ProtoMember(6)] public long Version { get; init; }

    /// <summary>Its liveness.</summary>
    [ProtoMember(7)] public Liveness Liveness { get; init; }

    /// <summary>Whether it is draining and gets no new tasks.</summary>
    [ProtoMember(8)] public bool Draining { get; init; }

    /// <summary>The state of its breaker.</summary>
    [ProtoMember(9)] public BreakerState BreakerState { get; init; }

    /// <summary>
    /// Why it is shown as degraded (holds work without progress, pulls nothing though there is work); null where it is not.
    /// </summary>
    [ProtoMember(10)] public string? Degraded { get; init; }

    /// <summary>
    /// How far its clock is from ours, in seconds (positive: ahead), from its last heartbeat's timestamp; shown, never decided on.
    /// </summary>
    [ProtoMember(11)] public double? ClockSkewSeconds { get; init; }

    /// <summary>The number of leases it is believed to hold.</summary>
    [ProtoMember(12)] public int HeldLeases { get; init; }

    /// <summary>
    /// The host and port of the node through which it was last heard; null if that is not known, as in a list or after its entity moved.
    /// </summary>
    [ProtoMember(13)] public string? Gateway { get; init; }

    /// <summary>
    /// The factor by which the nodes that listen to it stretch its timeouts, because they are slow themselves, 1 to 8; null in a list.
    /// </summary>
    [ProtoMember(14)] public double? Patience { get; init; }

    /// <summary>Why the factor is above 1; null if it is not.</summary>
    [ProtoMember(15)] public string? PatienceReason { get; init; }

    /// <summary>The rhythm of its heartbeats; null in a list, and if it declared no heartbeat interval.</summary>
    [ProtoMember(16)] public HeartbeatReport? Heartbeats { get; init; }
}

/// <summary>The rhythm of a worker's heartbeats, and the silence at which it becomes suspect and is lost.</summary>
[ProtoContract]
public sealed record HeartbeatReport
{
    /// <summary>The most <see cref="Intervals"/>.</summary>
    public const int MaxIntervals = 30;

    /// <summary>The highest <see cref="Phi"/>. Computed exactly, it could be infinite.</summary>
    public const int MaxPhi = 300;

    /// <summary>The mean interval in seconds, and at least the declared one; the declared one until enough heartbeats are known.</summary>
    [ProtoMember(1)] public double MeanSeconds { get; init; }

    /// <summary>The seconds since its last sign of life, without outages of nodes.</summary>
    [ProtoMember(2)] public double SilentSeconds { get; init; }

    /// <summary>
    /// How unlikely this silence is, 0 to 300: 1 means a chance of 1 in 10 that the next heartbeat is still to come, 2 means 1 in 100.
    /// Nodes that are slow divide the silence by their patience first, as they stretch the thresholds by it.
    /// </summary>
    [ProtoMember(3)] public double Phi { get; init; }

    /// <summary>The phi at which it becomes suspect.</summary>
    [ProtoMember(4)] public double SuspectPhi { get; init; }

    /// <summary>The phi at which it is lost, if <see cref="OfflineLimit"/> is <see cref="SilenceLimit.Phi"/>.</summary>
    [ProtoMember(5)] public double OfflinePhi { get; init; }

    /// <summary>The silence in seconds at which it becomes suspect.</summary>
    [ProtoMember(6)] public double SuspectAfterSeconds { get; init; }

    /// <summary>The silence in seconds at which it is lost, if its session does not break before.</summary>
    [ProtoMember(7)] public double OfflineAfterSeconds { get; init; }

    /// <summary>
    /// The last intervals in seconds, oldest first, at most 30. Those between beats in a session are up to a minute old.
    /// </summary>
    [ProtoMember(8)] public ImmutableArray<double> Intervals { get; init; } = [];

    /// <summary>What sets <see cref="OfflineAfterSeconds"/>; null if a node of an earlier version judges the worker.</summary>
    [ProtoMember(9)] public SilenceLimit? OfflineLimit { get; init; }
}

/// <summary>What sets the silence at which a worker is lost.</summary>
public enum SilenceLimit
{
    /// <summary>The silence at which phi reaches <c>workers.offline-phi</c>.</summary>
    Phi = 1,

    /// <summary>Two missed heartbeats, because phi is reached before them.</summary>
    MissedHeartbeats = 2,

    /// <summary><c>workers.timeout</c>, which is reached before the others.</summary>
    WorkerTimeout = 3,
}

/// <summary>The counts of a worker's successes and failures, and its breaker.</summary>
[ProtoContract(Name = "worker-reliability-score")]
public sealed record WorkerReliabilityScore : IWireMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Successes divided by total, 0 to 1; 1 if there are none.</summary>
    [ProtoMember(2)] public double SuccessRate { get; init; } = 1;

    /// <summary>Mean duration of its successes in seconds; 0 if there is none.</summary>
    [ProtoMember(3)] public double AverageResponseTime { get; init; }

    /// <summary>Failures that count against it.</summary>
    [ProtoMember(4)] public long FailureCount { get; init; }

    /// <summary>Successes and failures together.</summary>
    [ProtoMember(5)] public long TotalTasks { get; init; }

    /// <summary>When it last failed.</summary>
    [ProtoMember(6)] public DateTimeOffset? LastFailure { get; init; }

    /// <summary>Failures since its last success.</summary>
    [ProtoMember(7)] public int ConsecutiveFailures { get; init; }

    /// <summary>Whether its breaker is open.</summary>
    [ProtoMember(8)] public bool CircuitBreakerActive { get; init; }

    /// <summary>Until when the breaker is open; null if it is closed, or if an operator opened it.</summary>
    [ProtoMember(9)] public DateTimeOffset? CircuitBreakerUntil { get; init; }

    /// <summary>The state of the breaker.</summary>
    [ProtoMember(10)] public BreakerState BreakerState { get; init; }

    /// <summary>Why the breaker is open.</summary>
    [ProtoMember(11)] public string? BreakerReason { get; init; }
}

/// <summary>The state of a worker's circuit breaker.</summary>
public enum BreakerState
{
    /// <summary>Leases are allowed.</summary>
    Closed = 0,

    /// <summary>No leases are allowed.</summary>
    Open = 1,

    /// <summary>A limited number of probe leases decide whether it closes.</summary>
    HalfOpen = 2,
}

/// <summary>Whether a worker is alive, as judged by its signs of life.</summary>
public enum Liveness
{
    /// <summary>Its signs of life arrive in time.</summary>
    Alive = 0,

    /// <summary>Its heartbeat is late, or its session broke. It gets no new leases and keeps its tasks.</summary>
    Suspect = 1,

    /// <summary>It was lost, unregistered, or declared offline.</summary>
    Offline = 2,
}
