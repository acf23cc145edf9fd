using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>Registers a worker, or renews what it said. Answer: <see cref="WorkerRegisteredReply"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "register-worker")]
public sealed record RegisterWorker : IWorkerMessage
{
    /// <summary>What the worker says of itself.</summary>
    [ProtoMember(1)] public required WorkerRegistration Registration { get; init; }

    /// <inheritdoc />
    public WorkerId WorkerId => Registration?.WorkerId ?? default; // A message may arrive without it.
}

/// <summary>The worker is registered, durably.</summary>
[ProtoContract(Name = "worker-registered-reply")]
public sealed record WorkerRegisteredReply : IWireMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>What happened, in words: registered, renewed, replaced an older instance.</summary>
    [ProtoMember(2)] public required string Message { get; init; }
}

/// <summary>A lease that a worker says it holds.</summary>
[ProtoContract]
public sealed record HeldByWorker
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How far it is, 0 to 1, where the worker tells.</summary>
    [ProtoMember(3)] public double? Progress { get; init; }
}

/// <summary>A sign of life. Answer: <see cref="HeartbeatReply"/>, or <see cref="Refused"/> (unknown worker, replaced instance).</summary>
[ProtoContract(Name = "heartbeat")]
public sealed record Heartbeat : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>What the worker says its status is.</summary>
    [ProtoMember(2)] public WorkerStatus Status { get; init; }

    /// <summary>What it measured.</summary>
    [ProtoMember(3)] public WorkerMetrics Metrics { get; init; } = new();

    /// <summary>The worker's own time; shows its skew and decides nothing.</summary>
    [ProtoMember(4)] public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Which start of the process sends it.</summary>
    [ProtoMember(5)] public InstanceId? InstanceId { get; init; }

    /// <summary>Whether <see cref="Held"/> was given: only then does a missing lease mean something.</summary>
    [ProtoMember(6)] public bool ListsHeld { get; init; }

    /// <summary>What it holds.</summary>
    [ProtoMember(7)] public ImmutableArray<HeldByWorker> Held { get; init; } = [];
}

/// <summary>A lease that the system believes a worker holds.</summary>
[ProtoContract]
public sealed record HeldLease
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The queue it came from.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>When it was granted.</summary>
    [ProtoMember(4)] public DateTimeOffset GrantedAt { get; init; }

    /// <summary>When it times out.</summary>
    [ProtoMember(5)] public DateTimeOffset Deadline { get; init; }
}

/// <summary>The answer to a heartbeat: what the system believes.</summary>
[ProtoContract(Name = "heartbeat-reply")]
public sealed record HeartbeatReply : IWireMessage
{
    /// <summary>The leases that the worker should be holding.</summary>
    [ProtoMember(1)] public ImmutableArray<HeldLease> Leases { get; init; } = [];

    /// <summary>Whether the worker is draining.</summary>
    [ProtoMember(2)] public bool Draining { get; init; }
}

/// <summary>
/// Demand for work. Answer: <see cref="Queues.LeasesGranted"/> (empty when the wait is over or leases are not allowed now),
/// or <see cref="Refused"/> (unknown worker, replaced instance).
/// </summary>
[ProtoContract(Name = "request-leases")]
public sealed record RequestLeases : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The most leases wanted, 1 to 1,000.</summary>
    [ProtoMember(2)] public int MaxTasks { get; init; } = 1;

    /// <summary>How long to wait for the first one, 0 to 30 s.</summary>
    [ProtoMember(3)] public TimeSpan Wait { get; init; }

    /// <summary>Only from these queues; empty means all that the worker serves.</summary>
    [ProtoMember(4)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>The worker's name for this call; the same again gives the same leases.</summary>
    [ProtoMember(5)] public RequestId? RequestId { get; init; }

    /// <summary>Which start of the process asks.</summary>
    [ProtoMember(6)] public InstanceId? InstanceId { get; init; }
}

/// <summary>A live gateway holds a session of this worker; its sender gets the <see cref="ISessionSignal"/>s. Answer: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "open-session")]
public sealed record OpenSession : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Names this connection.</summary>
    [ProtoMember(2)] public required string SessionId { get; init; }

    /// <summary>Which start of the process opened it.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }
}

/// <summary>A session ended, seen by a gateway that is alive and not stopping: a sign of trouble. No answer.</summary>
[ProtoContract(Name = "session-broken")]
public sealed record SessionBroken : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The connection that ended.</summary>
    [ProtoMember(2)] public required string SessionId { get; init; }
}

/// <summary>One success on a task that is held elsewhere.</summary>
[ProtoContract]
public sealed record ReportedSuccess
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The reporter's name for it: the same again within the task counts once.</summary>
    [ProtoMember(2)] public EventId? EventId { get; init; }

    /// <summary>How long it took, in seconds, 0 or more.</summary>
    [ProtoMember(3)] public double DurationSeconds { get; init; }
}

/// <summary>Work done on tasks that are held elsewhere, for the score. Answer: <see cref="WorkerReliabilityScore"/>.</summary>
[ProtoContract(Name = "record-successes")]
public sealed record RecordSuccesses : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The successes.</summary>
    [ProtoMember(2)] public ImmutableArray<ReportedSuccess> Successes { get; init; } = [];
}

/// <summary>An operator stops new tasks for a worker. Answer: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "drain-worker")]
public sealed record DrainWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public required string Reason { get; init; }

    /// <summary>After this, leases still held are given back without blame; null waits for them.</summary>
    [ProtoMember(3)] public TimeSpan? Deadline { get; init; }
}

/// <summary>An operator ends a drain or an offline. Answer: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "resume-worker")]
public sealed record ResumeWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>An operator declares a worker offline: its leases end at once. Answer: <see cref="WorkerTakenOffline"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "take-worker-offline")]
public sealed record TakeWorkerOffline : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public required string Reason { get; init; }
}

/// <summary>The worker is offline, durably; the leases that end with it are these, and each gets its decision.</summary>
[ProtoContract(Name = "worker-taken-offline-reply")]
public sealed record WorkerTakenOffline : IWireMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The loss that its failures share.</summary>
    [ProtoMember(2)] public required LossId LossId { get; init; }

    /// <summary>The leases that end.</summary>
    [ProtoMember(3)] public ImmutableArray<HeldLease> Leases { get; init; } = [];
}

/// <summary>What an operator does with a breaker.</summary>
public enum BreakerAction
{
    /// <summary>Open it until it is closed or reset.</summary>
    Open,

    /// <summary>Close it; the counts stay.</summary>
    Close,

    /// <summary>Close it and clear the consecutive failures.</summary>
    Reset,
}

/// <summary>An operator sets a breaker. Answer: <see cref="WorkerReliabilityScore"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "set-breaker")]
public sealed record SetBreaker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>What to do.</summary>
    [ProtoMember(2)] public required BreakerAction Action { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }
}

/// <summary>A worker leaves for good: its leases are given back without blame. Answer: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "unregister-worker")]
public sealed record UnregisterWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

/// <summary>Starts a worker's entity, so that its absence is noticed. No answer.</summary>
[ProtoContract(Name = "wake-worker")]
public sealed record WakeWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}

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
