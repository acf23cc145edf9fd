using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>A task to submit.</summary>
internal sealed record SubmitTaskRequest
{
    /// <summary>The task's id. Default: a new time-ordered id. Submitting the same id with the same content again is idempotent.</summary>
    public TaskId? TaskId { get; init; }

    /// <summary>The queue. Required.</summary>
    [Required]
    public string? Queue { get; init; }

    /// <summary>10 urgent, 8 high, 5 normal (the default), 3 low, 1 batch; as a number or a word.</summary>
    public JsonText? Priority { get; init; }

    /// <summary>
    /// The worker's input: any JSON, at most 56 levels deep and <c>max-payload</c> bytes (256 KiB by default) as compact UTF-8.
    /// </summary>
    public JsonText? Payload { get; init; }

    /// <summary>The lease timeout in seconds, 1 to 2592000. Default: the timeout of the queue.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>How many task failures are retried before the task is parked, 0 to 100. Default: <c>policy.max-retries</c>.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>The content type. Only workers that support it can lease the task.</summary>
    public string? ContentType { get; init; }

    /// <summary>The initial quality settings, a JSON object of at most 16 KiB and 56 levels.</summary>
    public JsonText? Quality { get; init; }

    /// <summary>The hardware that the task requires.</summary>
    public ResourceRequirementsRequest? ResourceRequirements { get; init; }

    /// <summary>The estimated duration in minutes.</summary>
    public double? EstimatedDuration { get; init; }

    /// <summary>
    /// The trace that the work continues, a <c>traceparent</c> of the W3C Trace Context (version 00). It is not content: a repeated
    /// submission may have another one, which changes nothing.
    /// </summary>
    [JsonPropertyName("traceparent")] public string? TraceParent { get; init; }

    /// <summary>Validates the request.</summary>
    /// <param name="queues">The defined queues and the maximum payload.</param>
    /// <param name="at">The JSON path of this task in the body.</param>
    /// <param name="newId">Creates an id for a task without one.</param>
    /// <exception cref="ProblemException">A field is missing or invalid.</exception>
    public TaskSubmission ToSubmission(QueueSettings queues, string at, Func<TaskId> newId) => new()
    {
        TaskId = TaskId ?? newId(),
        Queue = QueueRules.Known(Rules.Required(Queue, JsonPath.Join(at, "queue")), queues, JsonPath.Join(at, "queue")),
        Priority = PriorityRules.Parse(Priority, JsonPath.Join(at, "priority")),
        Payload = Rules.Json(Payload ?? default, queues.MaxPayload, JsonPath.Join(at, "payload")),
        Timeout = TimeoutSeconds is { } timeout
            ? Rules.Seconds(timeout, TaskLimits.MinTimeoutSeconds, TaskLimits.MaxTimeoutSeconds, JsonPath.Join(at, "timeout_seconds"))
            : null,
        MaxRetries = MaxRetries is { } retries ? Rules.InRange(retries, 0, TaskLimits.MaxRetries, JsonPath.Join(at, "max_retries")) : null,
        ContentType = ContentType is null
            ? null
            : Rules.Line(ContentType, TaskLimits.MaxContentTypeBytes, JsonPath.Join(at, "content_type")),
        Quality = Rules.JsonObject(Quality, TaskLimits.MaxQualityBytes, JsonPath.Join(at, "quality")),
        ResourceRequirements = ResourceRequirements?.ToRequirements(JsonPath.Join(at, "resource_requirements"))
            ?? Contracts.Queues.ResourceRequirements.None,
        EstimatedDuration = EstimatedDuration is { } minutes
            ? Rules.InRange(minutes, 0, TaskLimits.MaxEstimatedMinutes, JsonPath.Join(at, "estimated_duration"))
            : null,
        TraceParent = TraceParent is null || Contracts.Wire.TraceParent.IsValid(TraceParent)
            ? TraceParent
            : throw ProblemException.Invalid(JsonPath.Join(at, "traceparent"), Contracts.Wire.TraceParent.Rule),
    };
}

/// <summary>The hardware that a task requires.</summary>
internal sealed record ResourceRequirementsRequest
{
    /// <summary>Whether the task requires a GPU.</summary>
    public bool? GpuRequired { get; init; }

    /// <summary>Main memory in GiB, 0 or more.</summary>
    public double? MemoryGb { get; init; }

    /// <summary>Disk space in GiB, 0 or more.</summary>
    public double? DiskGb { get; init; }

    public ResourceRequirements ToRequirements(string at) => new()
    {
        GpuRequired = GpuRequired ?? false,
        MemoryGb = Rules.InRange(MemoryGb ?? 0, 0, TaskLimits.MaxResourceGb, JsonPath.Join(at, "memory_gb")),
        DiskGb = Rules.InRange(DiskGb ?? 0, 0, TaskLimits.MaxResourceGb, JsonPath.Join(at, "disk_gb")),
    };
}

/// <summary>The outcome of one submission.</summary>
internal sealed record SubmittedTask
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The state of the task; null if the submission was rejected.</summary>
    public TaskState? State { get; init; }

    /// <summary>Why the submission was rejected; null if it was accepted.</summary>
    public Problem? Error { get; init; }

    /// <summary>For a resubmission of a finished or parked task: that it will not run, and what to do.</summary>
    public string? Note { get; init; }
}

/// <summary>An operator requeues a parked task.</summary>
internal sealed record RequeueTaskRequest
{
    /// <summary>The queue. Default: the task's current queue.</summary>
    public string? Queue { get; init; }

    /// <summary>The new quality settings. Default: the task's current settings.</summary>
    public JsonText? Quality { get; init; }

    /// <summary>The reason, for the task's history. Required.</summary>
    [Required]
    public string? Reason { get; init; }
}

/// <summary>Selects tasks. A missing field matches every task.</summary>
internal sealed record TaskFilterRequest
{
    /// <summary>Only tasks in this state.</summary>
    public TaskState? State { get; init; }

    /// <summary>Only tasks in this queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Only tasks that this worker holds or was the last to hold.</summary>
    public WorkerId? Worker { get; init; }

    public TaskFilter ToFilter(QueueSettings queues) => new()
    {
        State = State,
        Queue = Queue is null ? null : QueueRules.Known(Queue, queues, "filter.queue"),
        Worker = Worker,
    };
}

/// <summary>Requeues every matching parked task.</summary>
internal sealed record RequeueTasksRequest
{
    /// <summary>Selects the tasks. Required; an empty filter matches every parked task.</summary>
    [Required]
    public TaskFilterRequest? Filter { get; init; }

    /// <summary>The reason, for the history of the tasks. Required unless this is a dry run.</summary>
    public string? Reason { get; init; }

    /// <summary>If true, the matching tasks are only counted.</summary>
    public bool? DryRun { get; init; }

    /// <summary>The queue. Default: each task's current queue.</summary>
    public string? Queue { get; init; }

    /// <summary>The new quality settings. Default: each task's current settings.</summary>
    public JsonText? Quality { get; init; }
}

/// <summary>Cancels every matching task.</summary>
internal sealed record CancelTasksRequest
{
    /// <summary>
    /// Selects the tasks. Required, with at least one field; only a dry run can leave it empty to match every unfinished task.
    /// </summary>
    [Required]
    public TaskFilterRequest? Filter { get; init; }

    /// <summary>The reason, for the history of the tasks. Required unless this is a dry run.</summary>
    public string? Reason { get; init; }

    /// <summary>If true, the matching tasks are only counted.</summary>
    public bool? DryRun { get; init; }
}
