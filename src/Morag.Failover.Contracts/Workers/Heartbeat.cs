using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>A sign of life. Reply: <see cref="HeartbeatReply"/>, or <see cref="Refused"/> (unknown worker, replaced instance).</summary>
[ProtoContract(Name = "heartbeat")]
public sealed record Heartbeat : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The status that the worker reports.</summary>
    [ProtoMember(2)] public WorkerStatus Status { get; init; }

    /// <summary>Its metrics.</summary>
    [ProtoMember(3)] public WorkerMetrics Metrics { get; init; } = new();

    /// <summary>The worker's own time, used only to display its clock skew.</summary>
    [ProtoMember(4)] public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The instance that sends it.</summary>
    [ProtoMember(5)] public InstanceId? InstanceId { get; init; }

    /// <summary>Whether <see cref="Held"/> is given. Only then does a missing lease mean that the worker does not hold it.</summary>
    [ProtoMember(6)] public bool ListsHeld { get; init; }

    /// <summary>The leases that it holds.</summary>
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

    /// <summary>The queue it came from; <c>unknown</c> if its partition has not confirmed the lease yet.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>When it was granted; null if its partition has not confirmed the lease yet.</summary>
    [ProtoMember(4)] public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>
    /// When it times out; null if its partition has not confirmed the lease yet, and then the deadline that the worker knows still holds.
    /// </summary>
    [ProtoMember(5)] public DateTimeOffset? Deadline { get; init; }
}

/// <summary>The reply to a heartbeat.</summary>
[ProtoContract(Name = "heartbeat-reply")]
public sealed record HeartbeatReply : IWireMessage
{
    /// <summary>The leases that the worker should be holding.</summary>
    [ProtoMember(1)] public ImmutableArray<HeldLease> Leases { get; init; } = [];

    /// <summary>Whether the worker is draining.</summary>
    [ProtoMember(2)] public bool Draining { get; init; }
}

/// <summary>The metrics of a worker, sent in heartbeats. They are only displayed.</summary>
[ProtoContract]
public sealed record WorkerMetrics
{
    /// <summary>CPU use, 0 to 100.</summary>
    [ProtoMember(1)] public double CpuUsagePercent { get; init; }

    /// <summary>Memory use, 0 to 100.</summary>
    [ProtoMember(2)] public double MemoryUsagePercent { get; init; }

    /// <summary>GPU use, 0 to 100; null if there is no GPU.</summary>
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

/// <summary>The status of a worker, as reported in heartbeats and as displayed.</summary>
public enum WorkerStatus
{
    /// <summary>Alive and ready.</summary>
    Online = 0,

    /// <summary>Not alive, or leaving: its leases are given back.</summary>
    Offline = 1,

    /// <summary>Alive, with no free slot.</summary>
    Busy = 2,

    /// <summary>Alive, but takes no leases.</summary>
    Error = 3,

    /// <summary>Alive and draining.</summary>
    Maintenance = 4,
}
