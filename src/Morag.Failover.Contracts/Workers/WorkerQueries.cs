using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>Asks for a worker. Answer: <see cref="WorkerInfo"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-worker")]
public sealed record GetWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>Asks for a worker's score. Answer: <see cref="WorkerReliabilityScore"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-worker-reliability")]
public sealed record GetWorkerReliability : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>A worker as it is shown.</summary>
[ProtoContract(Name = "worker-info")]
public sealed record WorkerInfo : IWireMessage
{
    /// <summary>What it said of itself.</summary>
    [ProtoMember(1)] public required WorkerRegistration Registration { get; init; }

    /// <summary>Its status as the system sees it.</summary>
    [ProtoMember(2)] public WorkerStatus Status { get; init; }

    /// <summary>What it last measured; null before its first heartbeat since the node started.</summary>
    [ProtoMember(3)] public WorkerMetrics? Metrics { get; init; }

    /// <summary>When it was last heard of.</summary>
    [ProtoMember(4)] public DateTimeOffset? LastHeartbeat { get; init; }

    /// <summary>When it first registered.</summary>
    [ProtoMember(5)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Grows with each change of registration or status.</summary>
    [ProtoMember(6)] public long Version { get; init; }

    /// <summary>How alive it is judged to be.</summary>
    [ProtoMember(7)] public Liveness Liveness { get; init; }

    /// <summary>Whether it gets no new tasks because it drains.</summary>
    [ProtoMember(8)] public bool Draining { get; init; }

    /// <summary>The state of its breaker.</summary>
    [ProtoMember(9)] public BreakerState BreakerState { get; init; }

    /// <summary>Why it is shown as degraded (holds work without progress, pulls nothing though there is work); null where it is not.</summary>
    [ProtoMember(10)] public string? Degraded { get; init; }

    /// <summary>How far its clock is from ours, in seconds (positive: ahead), from its last heartbeat's timestamp; shown, never decided on.</summary>
    [ProtoMember(11)] public double? ClockSkewSeconds { get; init; }

    /// <summary>The leases it is believed to hold.</summary>
    [ProtoMember(12)] public int HeldLeases { get; init; }
}

/// <summary>The exact record of a worker's successes and failures.</summary>
[ProtoContract(Name = "worker-reliability-score")]
public sealed record WorkerReliabilityScore : IWireMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Successes over total, exact, 0 to 1; 1 while nothing is known.</summary>
    [ProtoMember(2)] public double SuccessRate { get; init; } = 1;

    /// <summary>Mean duration of its successes in seconds; 0 while there is none.</summary>
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

    /// <summary>Until when it is open; null while closed, and while an operator holds it open.</summary>
    [ProtoMember(9)] public DateTimeOffset? CircuitBreakerUntil { get; init; }

    /// <summary>The breaker's state in full.</summary>
    [ProtoMember(10)] public BreakerState BreakerState { get; init; }

    /// <summary>Why the breaker is open, in words.</summary>
    [ProtoMember(11)] public string? BreakerReason { get; init; }
}

/// <summary>The state of a worker's circuit breaker.</summary>
public enum BreakerState
{
    /// <summary>Leases flow.</summary>
    Closed,

    /// <summary>No leases.</summary>
    Open,

    /// <summary>A fixed number of probe leases decide whether it closes.</summary>
    HalfOpen,
}

/// <summary>How alive a worker is, as the system judges it.</summary>
public enum Liveness
{
    /// <summary>Registered, never unregistered, and heard of in time.</summary>
    Alive,

    /// <summary>Late, or its session broke: no new leases, its tasks stay.</summary>
    Suspect,

    /// <summary>Lost, left, or declared offline.</summary>
    Offline,
}
