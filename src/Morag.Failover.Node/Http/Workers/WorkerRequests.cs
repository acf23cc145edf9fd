using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>A heartbeat.</summary>
internal sealed record HeartbeatRequest
{
    /// <summary>The worker's status. Required.</summary>
    [Required]
    public WorkerStatus? Status { get; init; }

    /// <summary>The worker's metrics.</summary>
    public MetricsRequest? Metrics { get; init; }

    /// <summary>The worker. Optional; must equal the worker in the path.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The worker's own time. It only serves to show the clock skew.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>The worker process that sends the heartbeat.</summary>
    public InstanceId? InstanceId { get; init; }

    /// <summary>The leases that the worker holds. A lease missing from two consecutive lists counts as never delivered.</summary>
    public HeldRequest[]? Held { get; init; }

    public Heartbeat ToHeartbeat(WorkerId worker) => new()
    {
        WorkerId = WorkerId is { } given && given != worker
            ? throw ProblemException.Invalid("worker_id", $"must equal the worker in the path, {worker}")
            : worker,
        Status = Rules.Required(Status, "status"),
        Metrics = Metrics?.ToMetrics() ?? new WorkerMetrics(),
        Timestamp = Timestamp,
        InstanceId = InstanceId,
        ListsHeld = Held is not null,
        Held = [.. Rules.AtMost(Held, WorkerLimits.MaxConcurrentTasks, "held").Select((held, index) =>
            Rules.Required(held, JsonPath.Item("held", index)).ToHeld(JsonPath.Item("held", index)))],
    };
}

/// <summary>A worker's metrics. Default of each: 0.</summary>
internal sealed record MetricsRequest
{
    /// <summary>CPU usage in percent.</summary>
    public double? CpuUsagePercent { get; init; }

    /// <summary>Memory usage in percent.</summary>
    public double? MemoryUsagePercent { get; init; }

    /// <summary>GPU usage in percent.</summary>
    public double? GpuUsagePercent { get; init; }

    /// <summary>Running tasks.</summary>
    public int? ActiveTasks { get; init; }

    /// <summary>Tasks completed since the worker started.</summary>
    public long? CompletedTasks { get; init; }

    /// <summary>Tasks failed since the worker started.</summary>
    public long? FailedTasks { get; init; }

    /// <summary>Mean task duration in seconds.</summary>
    public double? AvgTaskDurationSeconds { get; init; }

    // No ranges: metrics are only shown, never used in decisions. CPU usage exceeds 100 % on machines that sum it over cores.
    public WorkerMetrics ToMetrics() => new()
    {
        CpuUsagePercent = CpuUsagePercent ?? 0,
        MemoryUsagePercent = MemoryUsagePercent ?? 0,
        GpuUsagePercent = GpuUsagePercent,
        ActiveTasks = ActiveTasks ?? 0,
        CompletedTasks = CompletedTasks ?? 0,
        FailedTasks = FailedTasks ?? 0,
        AvgTaskDurationSeconds = AvgTaskDurationSeconds ?? 0,
    };
}

/// <summary>A lease that a worker reports as held.</summary>
internal sealed record HeldRequest
{
    /// <summary>The task. Required.</summary>
    [Required]
    public TaskId? TaskId { get; init; }

    /// <summary>The epoch of the lease. Required.</summary>
    [Required]
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>The progress of the task, 0 to 1.</summary>
    public double? Progress { get; init; }

    public HeldByWorker ToHeld(string at) => new()
    {
        TaskId = Rules.Required(TaskId, JsonPath.Join(at, "task_id")),
        Epoch = Rules.Required(Epoch, JsonPath.Join(at, "epoch")),
        Progress = Progress is { } progress ? Rules.InRange(progress, 0, 1, JsonPath.Join(at, "progress")) : null,
    };
}

/// <summary>A request for leases.</summary>
internal sealed record LeaseWorkRequest
{
    /// <summary>The maximum number of tasks, 1 to 1000. Default: 1.</summary>
    public int? MaxTasks { get; init; }

    /// <summary>How long to wait for the first task, in seconds, 0 to 30. Default: 0.</summary>
    public double? WaitSeconds { get; init; }

    /// <summary>The queues to lease from. Default: all queues that the worker serves.</summary>
    public string[]? Queues { get; init; }

    /// <summary>The worker's id for this request. A repeated request gets the same leases.</summary>
    public RequestId? RequestId { get; init; }

    /// <summary>The worker process that asks.</summary>
    public InstanceId? InstanceId { get; init; }
}

/// <summary>One outcome: a failure if <c>failure_type</c> is given, otherwise a completion.</summary>
internal sealed record OutcomeRequest : IFailureReport
{
    /// <summary>The task. Required.</summary>
    [Required]
    public TaskId? TaskId { get; init; }

    /// <summary>The epoch of the lease. Required.</summary>
    [Required]
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>The result: any JSON, at most 56 levels deep and <c>max-payload</c> bytes (256 KiB by default) as compact UTF-8.</summary>
    public JsonText? Result { get; init; }

    /// <summary>The kind of failure.</summary>
    public FailureType? FailureType { get; init; }

    /// <summary>What the worker knows about the failure. Required for a failure.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Further details, a JSON object.</summary>
    public JsonText? Context { get; init; }

    /// <summary>The worker's own id for the failure.</summary>
    public EventId? EventId { get; init; }

    /// <summary>The worker process that reports.</summary>
    public InstanceId? InstanceId { get; init; }
}

/// <summary>A success on a task that is not in any queue here.</summary>
internal sealed record SuccessRequest
{
    /// <summary>The task. Required.</summary>
    [Required]
    public TaskId? TaskId { get; init; }

    /// <summary>The reporter's id for the success. Reports of one task with the same id count once.</summary>
    public EventId? EventId { get; init; }

    /// <summary>The duration of the task in seconds, 0 or more. Required.</summary>
    [Required]
    public double? DurationSeconds { get; init; }

    public ReportedSuccess ToSuccess(string at) => new()
    {
        TaskId = Rules.Required(TaskId, JsonPath.Join(at, "task_id")),
        EventId = EventId,
        DurationSeconds = Rules.InRange(
            Rules.Required(DurationSeconds, JsonPath.Join(at, "duration_seconds")),
            0,
            WorkerLimits.MaxDurationSeconds,
            JsonPath.Join(at, "duration_seconds")),
    };
}

/// <summary>An operator drains a worker.</summary>
internal sealed record DrainRequest
{
    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Reason { get; init; }

    /// <summary>Seconds until the remaining leases are released without blame, 0 to 2592000. Default: never.</summary>
    public double? DeadlineSeconds { get; init; }
}

/// <summary>An operator declares a worker offline.</summary>
internal sealed record OfflineRequest
{
    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Reason { get; init; }

    /// <summary>Tasks outside every queue here that are lost with the worker; at most 1000.</summary>
    public TaskId[]? AffectedTasks { get; init; }
}

/// <summary>An operator sets the breaker of a worker.</summary>
internal sealed record BreakerRequest
{
    /// <summary>The action. Required.</summary>
    [Required]
    public BreakerAction? Action { get; init; }

    /// <summary>The reason. Required.</summary>
    [Required]
    public string? Reason { get; init; }
}

/// <summary>An operator's change to a worker was stored.</summary>
internal sealed record WorkerChangedAnswer
{
    /// <summary>The worker.</summary>
    public required WorkerId WorkerId { get; init; }

    /// <summary>What changed.</summary>
    public required string Message { get; init; }
}
