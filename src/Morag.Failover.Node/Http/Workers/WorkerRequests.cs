using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>A sign of life.</summary>
internal sealed record HeartbeatRequest
{
    /// <summary>What the worker says its status is. Required.</summary>
    public WorkerStatus? Status { get; init; }

    /// <summary>What it measured.</summary>
    public MetricsRequest? Metrics { get; init; }

    /// <summary>The worker once more; where it is given it must be the one of the path.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The worker's own time; shows its skew and decides nothing.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>Which start of the process sends it.</summary>
    public InstanceId? InstanceId { get; init; }

    /// <summary>What it holds; a lease that is missing from two lists after its grant never arrived.</summary>
    public HeldRequest[]? Held { get; init; }

    public Heartbeat ToHeartbeat(WorkerId worker) => new()
    {
        WorkerId = WorkerId is { } given && given != worker
            ? throw ProblemException.Invalid("worker_id", $"must be the worker of the path, {worker}")
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

/// <summary>What a worker measures of itself; what is left out is 0.</summary>
internal sealed record MetricsRequest
{
    /// <summary>CPU use, 0 to 100.</summary>
    public double? CpuUsagePercent { get; init; }

    /// <summary>Memory use, 0 to 100.</summary>
    public double? MemoryUsagePercent { get; init; }

    /// <summary>GPU use, 0 to 100.</summary>
    public double? GpuUsagePercent { get; init; }

    /// <summary>Tasks it is running.</summary>
    public int? ActiveTasks { get; init; }

    /// <summary>Tasks it completed since it started.</summary>
    public long? CompletedTasks { get; init; }

    /// <summary>Tasks it failed since it started.</summary>
    public long? FailedTasks { get; init; }

    /// <summary>Mean duration of its tasks in seconds.</summary>
    public double? AvgTaskDurationSeconds { get; init; }

    // Shown, and never decided on: so they have no ranges. A machine that counts its cores has more than 100 percent.
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

/// <summary>A lease that a worker says it holds.</summary>
internal sealed record HeldRequest
{
    /// <summary>The task. Required.</summary>
    public TaskId? TaskId { get; init; }

    /// <summary>The lease's epoch. Required.</summary>
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>How far it is, 0 to 1.</summary>
    public double? Progress { get; init; }

    public HeldByWorker ToHeld(string at) => new()
    {
        TaskId = Rules.Required(TaskId, JsonPath.Join(at, "task_id")),
        Epoch = Rules.Required(Epoch, JsonPath.Join(at, "epoch")),
        Progress = Progress is { } progress ? Rules.InRange(progress, 0, 1, JsonPath.Join(at, "progress")) : null,
    };
}

/// <summary>Demand for work.</summary>
internal sealed record LeaseWorkRequest
{
    /// <summary>The most tasks wanted, 1 to 1000; 1 where nothing is said.</summary>
    public int? MaxTasks { get; init; }

    /// <summary>How long to wait for the first one, 0 to 30; 0 where nothing is said.</summary>
    public double? WaitSeconds { get; init; }

    /// <summary>Only from these queues; all that the worker serves where none is named.</summary>
    public string[]? Queues { get; init; }

    /// <summary>The worker's name for this call; the same again gives the same leases.</summary>
    public RequestId? RequestId { get; init; }

    /// <summary>Which start of the process asks.</summary>
    public InstanceId? InstanceId { get; init; }
}

/// <summary>One outcome: a completion where no <c>failure_type</c> is given, else a failure.</summary>
internal sealed record OutcomeRequest : IFailureReport
{
    /// <summary>The task. Required.</summary>
    public TaskId? TaskId { get; init; }

    /// <summary>The lease's epoch. Required.</summary>
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>What came out: any JSON, at most 56 levels deep and 256 KiB (<c>max-payload</c>) as compact UTF-8.</summary>
    public JsonText? Result { get; init; }

    /// <summary>What failed.</summary>
    public FailureType? FailureType { get; init; }

    /// <summary>What is known about the failure. Required for one.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Whatever else helps; an object.</summary>
    public JsonText? Context { get; init; }

    /// <summary>The reporter's own name for the failure.</summary>
    public EventId? EventId { get; init; }

    /// <summary>Which start of the worker's process says so.</summary>
    public InstanceId? InstanceId { get; init; }
}

/// <summary>One success on a task that is held elsewhere.</summary>
internal sealed record SuccessRequest
{
    /// <summary>The task. Required.</summary>
    public TaskId? TaskId { get; init; }

    /// <summary>The reporter's name for it: the same again within the task counts once.</summary>
    public EventId? EventId { get; init; }

    /// <summary>How long it took, in seconds, 0 or more. Required.</summary>
    public double? DurationSeconds { get; init; }

    public ReportedSuccess ToSuccess(string at) => new()
    {
        TaskId = Rules.Required(TaskId, JsonPath.Join(at, "task_id")),
        EventId = EventId,
        DurationSeconds = Rules.InRange(
            Rules.Required(DurationSeconds, JsonPath.Join(at, "duration_seconds")), 0, WorkerLimits.MaxDurationSeconds, JsonPath.Join(at, "duration_seconds")),
    };
}

/// <summary>An operator stops new tasks for a worker.</summary>
internal sealed record DrainRequest
{
    /// <summary>Why. Required.</summary>
    public string? Reason { get; init; }

    /// <summary>After how many seconds leases still held are given back without blame, 0 to 2592000; never where nothing is said.</summary>
    public double? DeadlineSeconds { get; init; }
}

/// <summary>An operator declares a worker offline.</summary>
internal sealed record OfflineRequest
{
    /// <summary>Why. Required.</summary>
    public string? Reason { get; init; }

    /// <summary>Tasks held elsewhere that are lost with it; at most 1000.</summary>
    public TaskId[]? AffectedTasks { get; init; }
}

/// <summary>An operator sets a breaker.</summary>
internal sealed record BreakerRequest
{
    /// <summary>What to do. Required.</summary>
    public BreakerAction? Action { get; init; }

    /// <summary>Why. Required.</summary>
    public string? Reason { get; init; }
}

/// <summary>An operator's call about a worker was carried out, durably.</summary>
internal sealed record WorkerChangedAnswer
{
    /// <summary>The worker.</summary>
    public required WorkerId WorkerId { get; init; }

    /// <summary>What was done.</summary>
    public required string Message { get; init; }
}
