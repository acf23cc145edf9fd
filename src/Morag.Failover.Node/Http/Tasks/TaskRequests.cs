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
    /// <summary>Its id; made up, in the order of time, where none is given. The same id with the same content again is one task.</summary>
    public TaskId? TaskId { get; init; }

    /// <summary>The queue it goes to. Required.</summary>
    public string? Queue { get; init; }

    /// <summary>10 urgent, 8 high, 5 normal (the default), 3 low, 1 batch; as a number or as a word.</summary>
    public JsonText? Priority { get; init; }

    /// <summary>What the worker gets: any JSON, at most 56 levels deep and 256 KiB (<c>max-payload</c>) as compact UTF-8.</summary>
    public JsonText? Payload { get; init; }

    /// <summary>The seconds that a lease may run, 1 to 2592000; the queue's own where nothing is said.</summary>
    public double? TimeoutSeconds { get; init; }

    /// <summary>The failures of its own that it may have before it parks, 0 to 100.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>Its content type, matched against what workers support.</summary>
    public string? ContentType { get; init; }

    /// <summary>The quality settings to begin with: an object of at most 16 KiB and 56 levels.</summary>
    public JsonText? Quality { get; init; }

    /// <summary>What it needs of a machine.</summary>
    public ResourceRequirementsRequest? ResourceRequirements { get; init; }

    /// <summary>How long it is thought to take, in minutes.</summary>
    public double? EstimatedDuration { get; init; }

    /// <param name="queues">Which queues there are, and how large a payload may be.</param>
    /// <param name="at">Where in the body it stands.</param>
    public TaskSubmission ToSubmission(QueueSettings queues, string at) => new()
    {
        TaskId = TaskId ?? new TaskId(Guid.CreateVersion7().ToString("N")),
        Queue = QueueRules.Known(Rules.Required(Queue, JsonPath.Join(at, "queue")), queues, JsonPath.Join(at, "queue")),
        Priority = PriorityRules.Parse(Priority, JsonPath.Join(at, "priority")),
        Payload = Rules.Json(Payload ?? default, queues.MaxPayload, JsonPath.Join(at, "payload")),
        Timeout = TimeoutSeconds is { } timeout
            ? Rules.Seconds(timeout, TaskLimits.MinTimeoutSeconds, TaskLimits.MaxTimeoutSeconds, JsonPath.Join(at, "timeout_seconds"))
            : null,
        MaxRetries = MaxRetries is { } retries ? Rules.InRange(retries, 0, TaskLimits.MaxRetries, JsonPath.Join(at, "max_retries")) : null,
        ContentType = ContentType is null ? null : Rules.Line(ContentType, TaskLimits.MaxContentTypeBytes, JsonPath.Join(at, "content_type")),
        Quality = Rules.JsonObject(Quality, TaskLimits.MaxQualityBytes, JsonPath.Join(at, "quality")),
        ResourceRequirements = ResourceRequirements?.ToRequirements(JsonPath.Join(at, "resource_requirements"))
            ?? Contracts.Queues.ResourceRequirements.None,
        EstimatedDuration = EstimatedDuration is { } minutes
            ? Rules.InRange(minutes, 0, TaskLimits.MaxEstimatedMinutes, JsonPath.Join(at, "estimated_duration"))
            : null,
    };
}

/// <summary>What a task needs of a machine.</summary>
internal sealed record ResourceRequirementsRequest
{
    /// <summary>Whether it needs a GPU.</summary>
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

/// <summary>What became of one submitted task.</summary>
internal sealed record SubmittedTask
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The state it is in; null where it was refused.</summary>
    public TaskState? State { get; init; }

    /// <summary>Why it was refused; null where it is accepted.</summary>
    public Problem? Error { get; init; }

    /// <summary>That nothing will run, and what to do about it, where a task that was submitted before is no longer waiting or running.</summary>
    public string? Note { get; init; }
}

/// <summary>An operator takes a parked task up again.</summary>
internal sealed record RequeueTaskRequest
{
    /// <summary>The queue; the one it is in where nothing is said.</summary>
    public string? Queue { get; init; }

    /// <summary>The quality settings from now on; those that it has where nothing is said.</summary>
    public JsonText? Quality { get; init; }

    /// <summary>Why. Required.</summary>
    public string? Reason { get; init; }
}

/// <summary>Which tasks are meant; what is left out does not restrict.</summary>
internal sealed record TaskFilterRequest
{
    /// <summary>Only tasks in this state.</summary>
    public TaskState? State { get; init; }

    /// <summary>Only tasks of this queue.</summary>
    public string? Queue { get; init; }

    /// <summary>Only tasks that this worker holds, or held last.</summary>
    public WorkerId? Worker { get; init; }

    public TaskFilter ToFilter(QueueSettings queues) => new()
    {
        State = State,
        Queue = Queue is null ? null : QueueRules.Known(Queue, queues, "filter.queue"),
        Worker = Worker,
    };
}

/// <summary>Requeues every parked task that matches.</summary>
internal sealed record RequeueTasksRequest
{
    /// <summary>Which. Required; an empty one means every parked task.</summary>
    public TaskFilterRequest? Filter { get; init; }

    /// <summary>Why. Required, except for a dry run.</summary>
    public string? Reason { get; init; }

    /// <summary>True: only say which.</summary>
    public bool? DryRun { get; init; }

    /// <summary>The queue; the one each is in where nothing is said.</summary>
    public string? Queue { get; init; }

    /// <summary>The quality settings from now on.</summary>
    public JsonText? Quality { get; init; }
}

/// <summary>Cancels every task that matches.</summary>
internal sealed record CancelTasksRequest
{
    /// <summary>Which. Required, with at least one field; a dry run may leave it empty, which means every task that has not ended.</summary>
    public TaskFilterRequest? Filter { get; init; }

    /// <summary>Why. Required, except for a dry run.</summary>
    public string? Reason { get; init; }

    /// <summary>True: only say which.</summary>
    public bool? DryRun { get; init; }
}
