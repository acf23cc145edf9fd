using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>What kind of machine a worker is, and so which queues it serves.</summary>
public enum WorkerCapability
{
    /// <summary>Serves CPU queues.</summary>
    Cpu,

    /// <summary>Serves GPU queues.</summary>
    Gpu,

    /// <summary>Serves both.</summary>
    Hybrid,
}

/// <summary>The status of a worker, as it says itself in a heartbeat and as the system shows it.</summary>
public enum WorkerStatus
{
    /// <summary>Alive and ready.</summary>
    Online,

    /// <summary>Not alive, or leaving: its leases are given back.</summary>
    Offline,

    /// <summary>Alive, with all its places taken.</summary>
    Busy,

    /// <summary>Alive, but takes no leases.</summary>
    Error,

    /// <summary>Alive and draining.</summary>
    Maintenance,
}

/// <summary>What the machine has. What is not known is 0 or empty.</summary>
[ProtoContract]
public sealed record WorkerHardware
{
    /// <summary>Logical CPU cores.</summary>
    [ProtoMember(1)] public int CpuCores { get; init; }

    /// <summary>Main memory in GiB.</summary>
    [ProtoMember(2)] public double MemoryGb { get; init; }

    /// <summary>How many GPUs.</summary>
    [ProtoMember(3)] public int GpuCount { get; init; }

    /// <summary>Memory of one GPU in GiB.</summary>
    [ProtoMember(4)] public double GpuMemoryGb { get; init; }

    /// <summary>The GPUs' models.</summary>
    [ProtoMember(5)] public ImmutableArray<string> GpuModels { get; init; } = [];

    /// <summary>Free disk space in GiB.</summary>
    [ProtoMember(6)] public double DiskSpaceGb { get; init; }
}

/// <summary>Where the machine is.</summary>
[ProtoContract]
public sealed record WorkerLocation
{
    /// <summary>Its host name.</summary>
    [ProtoMember(1)] public string Hostname { get; init; } = "";

    /// <summary>Its IP address.</summary>
    [ProtoMember(2)] public string IpAddress { get; init; } = "";

    /// <summary>The port it listens on; 0 where it listens on none.</summary>
    [ProtoMember(3)] public int Port { get; init; }

    /// <summary>Whether it is reached over a network that is not ours.</summary>
    [ProtoMember(4)] public bool IsRemote { get; init; }

    /// <summary>The latency to it in milliseconds, where it was measured.</summary>
    [ProtoMember(5)] public double? NetworkLatencyMs { get; init; }
}

/// <summary>What a worker says of itself when it registers.</summary>
[ProtoContract]
public sealed record WorkerRegistration
{
    /// <summary>The worker's id, the same over restarts.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>A name for people; at most 200 bytes in UTF-8.</summary>
    [ProtoMember(2)] public string Name { get; init; } = "";

    /// <summary>What kind of machine it is.</summary>
    [ProtoMember(3)] public required WorkerCapability Capability { get; init; }

    /// <summary>What the machine has.</summary>
    [ProtoMember(4)] public WorkerHardware Hardware { get; init; } = new();

    /// <summary>Where it is.</summary>
    [ProtoMember(5)] public WorkerLocation Location { get; init; } = new();

    /// <summary>The most tasks it may hold at once, 1 to 10,000.</summary>
    [ProtoMember(6)] public int MaxConcurrentTasks { get; init; } = 1;

    /// <summary>The content types it can process; empty means all.</summary>
    [ProtoMember(7)] public ImmutableArray<string> SupportedContentTypes { get; init; } = [];

    /// <summary>The queues it wants to serve; empty means every queue that its capability serves.</summary>
    [ProtoMember(9)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>New for each start of the worker's process; null for workers that do not tell.</summary>
    [ProtoMember(10)] public InstanceId? InstanceId { get; init; }

    /// <summary>
    /// How often it heartbeats, in seconds, 0.1 to 3600. Only a worker that says so may be found offline before the worker
    /// timeout: by the rhythm of its heartbeats, or by its broken session.
    /// </summary>
    [ProtoMember(11)] public double? HeartbeatIntervalSeconds { get; init; }

    // Number 8 was a list of words.

    /// <summary>What people and their tools want to know of it, such as <c>site: home</c>. Nothing is decided by it.</summary>
    [ProtoMember(12)] public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;
}

/// <summary>What a worker measures of itself; sent in a heartbeat, shown, and never decided on.</summary>
[ProtoContract]
public sealed record WorkerMetrics
{
    /// <summary>CPU use, 0 to 100.</summary>
    [ProtoMember(1)] public double CpuUsagePercent { get; init; }

    /// <summary>Memory use, 0 to 100.</summary>
    [ProtoMember(2)] public double MemoryUsagePercent { get; init; }

    /// <summary>GPU use, 0 to 100; null where there is none.</summary>
    [ProtoMember(3)] public double? GpuUsagePercent { get; init; }

    /// <summary>Tasks it is running.</summary>
    [ProtoMember(4)] public int ActiveTasks { get; init; }

    /// <summary>Tasks it completed since it started.</summary>
    [ProtoMember(5)] public long CompletedTasks { get; init; }

    /// <summary>Tasks it failed since it started.</summary>
    [ProtoMember(6)] public long FailedTasks { get; init; }

    /// <summary>Mean duration of its tasks in seconds.</summary>
    [ProtoMember(7)] public double AvgTaskDurationSeconds { get; init; }
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
