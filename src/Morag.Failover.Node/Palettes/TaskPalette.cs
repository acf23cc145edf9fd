using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag task</c> and <c>morag queue</c>: submitting, following and operating tasks.</summary>
internal static class TaskPalette
{
    private static readonly PaletteParameter Id = InPath("id", "The task");
    private static readonly PaletteParameter Reason = InBody("reason", "The reason, recorded in the task's history") with
    {
        Required = true,
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    private static readonly PaletteParameter Worker =
        InBody("worker", "The worker that holds the lease") with { Field = "worker_id", Required = true };

    private static readonly PaletteParameter Epoch = WholeInBody("epoch", "The epoch of the lease", 1, null) with { Required = true };
    private static readonly PaletteParameter Quality = InBody("quality", "Quality settings as a JSON object", ParameterType.Json) with
    {
        MaxBytes = TaskLimits.MaxQualityBytes,
    };

    private static readonly PaletteColumn[] Entries =
    [
        Column("task", "task_id"),
        Column("queue", "queue_type"),
        Column("state", "state"),
        Column("priority", "priority"),
        Column("worker", "worker_id"),
        Column("epoch", "epoch"),
        Column("failures", "retry_count"),
        Column("submitted", "submitted_at", ColumnFormat.Time),
        Column("not before", "not_before", ColumnFormat.Time),
        Column("waits because", "unmet_need"),
    ];

    public static Palette Task(QueueSettings settings) => new()
    {
        Name = "task",
        Summary = "Submit, follow, explain and requeue tasks",
        Commands = [Submit(settings), .. Reading, .. Operating, .. Bulk],
    };

    private static PaletteCommand Submit(QueueSettings settings) =>
        Post("submit", "/tasks", "Submit a task") with
        {
            Options =
            [
                InBody("queue", "The queue") with { Required = true },
                InBody("task-id", "The task's id (default: a new id). Resubmitting the same id and content has no effect") with
                {
                    Generated = true,
                },
                InBody(
                    "payload", "The worker's input: a text, - for standard input, or @FILE", ParameterType.LargeText) with
                {
                    MaxBytes = settings.MaxPayload,
                },
                InBody("payload-json", "The worker's input as JSON: a value, - for standard input, or @FILE", ParameterType.Json) with
                {
                    Field = "payload",
                    MaxBytes = settings.MaxPayload,
                },
                InBody("priority", "Higher priorities go first, then older tasks (default normal)").OneOf<TaskPriority>(),
                NumberInBody("timeout", "The lease timeout in seconds", TaskLimits.MinTimeoutSeconds, TaskLimits.MaxTimeoutSeconds) with
                {
                    Field = "timeout_seconds",
                },
                WholeInBody("max-retries", "How many task failures are retried before the task is parked", 0, TaskLimits.MaxRetries),
                InBody("content-type", "The content type; only workers that support it can lease the task") with
                {
                    MaxBytes = TaskLimits.MaxContentTypeBytes,
                },
                Quality,
                InBody("gpu", "The task requires a GPU", ParameterType.Flag) with { Field = "resource_requirements.gpu_required" },
                NumberInBody("memory-gb", "The required memory in GiB", 0, TaskLimits.MaxResourceGb) with
                {
                    Field = "resource_requirements.memory_gb",
                },
                NumberInBody("disk-gb", "The required disk space in GiB", 0, TaskLimits.MaxResourceGb) with
                {
                    Field = "resource_requirements.disk_gb",
                },
                NumberInBody("estimated-duration", "The expected duration in minutes", 0, TaskLimits.MaxEstimatedMinutes),
                InBody("traceparent", "The trace that the work continues (W3C Trace Context)") with { MaxBytes = TraceParent.Length },
            ],
            View = PaletteView.Record,
            Columns = [Column("task", "task_id"), Column("state", "state")],
            Remark = "note",
            Repeatable = true,
        };

    private static PaletteCommand[] Reading =>
    [
        Get("list", "/tasks", "List tasks that match a filter, in the order of their ids unless --sort names a field") with
        {
            Options =
            [
                InQuery("filter", "A filter, such as 'state:parked failures>2 payload.file~mp4' (see docs/search.md)"),
                InQuery("sort", "The field to sort by, such as failures; -failures for descending order"),
                InQuery("state", "Only tasks in this state").OneOf<TaskState>(),
                InQuery("queue", "Only tasks in this queue"),
                InQuery("worker", "Only tasks that this worker holds or was the last to hold"),
            ],
            Paged = true,
            Columns = [.. Entries],
        },
        Get("show", "/tasks/{id}", "Show one task with its history") with
        {
            Arguments = [Id],
            View = PaletteView.Record,
            Columns =
            [
                Column("task", "task_id"),
                Column("state", "state"),
                Column("waiting", "waiting.sentence"),
                Column("parked because", "parked_because"),
                Column("waits because", "unmet_need"),
                Column("queue", "queue"),
                Column("priority", "priority"),
                Column("worker", "worker_id"),
                Column("epoch", "epoch"),
                Column("attempt", "attempt"),
                Column("failures", "retry_count"),
                Column("max retries", "max_retries"),
                Column("submitted", "submitted_at", ColumnFormat.Time),
                Column("not before", "not_before", ColumnFormat.Time),
                Column("deadline", "deadline", ColumnFormat.Time),
                Column("finished", "finished_at", ColumnFormat.Time),
                Column("progress percent", "progress.percent"),
                Column("progress", "progress.message"),
                Column("progress reported", "progress.at", ColumnFormat.Time),
                Column("checkpoint", "progress.checkpoint"),
                Column("content type", "content_type"),
                Column("needs", "resource_requirements"),
                Column("quality", "quality"),
                Column("payload", "payload"),
                Column("result", "result"),
                Column("history", "history", ColumnFormat.Lines),
            ],
        },
        Get("explain", "/tasks/{id}/explain", "Explain every decision about a task: what failed, what was chosen and why") with
        {
            Arguments = [Id],
            View = PaletteView.Explain,
        },
        Get("result", "/tasks/{id}", "Print only the result, exactly as the worker returned it") with
        {
            Arguments = [Id],
            View = PaletteView.Raw,
            Select = "result",
        },
    ];

    private static PaletteCommand[] Operating =>
    [
        Post("requeue", "/tasks/{id}/requeue", "Requeue a parked task") with
        {
            Arguments = [Id],
            Options = [Reason, InBody("queue", "The new queue (default: the current one)"), Quality],
            View = PaletteView.Record,
        },
        Delete("cancel", "/tasks/{id}", "Cancel an unfinished task") with
        {
            Arguments = [Id],
            Options = [InQuery("reason", "The reason, recorded in the task's history") with { MaxBytes = CallLimits.MaxReasonBytes }],
            View = PaletteView.Record,
            Confirm = "The task will not run. Continue?",
        },
        Post("extend", "/tasks/{id}/extend", "Extend a lease") with
        {
            Arguments = [Id],
            Options =
            [
                Worker,
                Epoch,
                NumberInBody(
                    "seconds", "Seconds to add to the deadline", TaskLimits.MinExtensionSeconds, TaskLimits.MaxExtensionSeconds) with
                {
                    Required = true,
                },
            ],
            View = PaletteView.Record,
        },
        Post("progress", "/tasks/{id}/progress", "Report how far the holder of a lease is, and a checkpoint for the next attempt") with
        {
            Arguments = [Id],
            Options =
            [
                Worker,
                Epoch,
                NumberInBody("percent", "The part of the work that is done, in percent", 0, 100),
                InBody("doing", "What the worker is doing") with { Field = "message", MaxBytes = TaskLimits.MaxProgressMessageBytes },
                InBody("checkpoint", "Where the next attempt can continue, as JSON", ParameterType.Json) with
                {
                    MaxBytes = TaskLimits.MaxCheckpointBytes,
                },
            ],
            View = PaletteView.Record,
        },
        Post("release", "/tasks/{id}/release", "Release a lease; this does not count as a failure") with
        {
            Arguments = [Id],
            Options = [Worker, Epoch],
            View = PaletteView.Record,
        },
    ];

    private static PaletteCommand[] Bulk =>
    [
        Post("requeue-all", "/tasks/requeue", "Requeue every matching parked task") with
        {
            Options =
            [
                ReasonUnlessDryRun,
                .. Filter,
                InBody("to-queue", "The new queue (default: the current one)") with { Field = "queue" },
                Quality,
                DryRun,
            ],
            Objects = ["filter"],
            View = PaletteView.Record,
            Columns = [.. AffectedTasks],
        },
        Post("cancel-all", "/tasks/cancel", "Cancel every matching task; requires at least one filter unless this is a dry run") with
        {
            Options = [ReasonUnlessDryRun, .. Filter, DryRun],
            Objects = ["filter"],
            View = PaletteView.Record,
            Columns = [.. AffectedTasks],
            Confirm = "The matching tasks will not run. Continue?",
        },
    ];

    public static Palette Queue { get; } = new()
    {
        Name = "queue",
        Summary = "Inspect and operate queues",
        Commands =
        [
            .. QueuePalette.Controls,
            Get("list", "/queues", "List the queues with their counts") with
            {
                Columns =
                [
                    Column("queue", "queue_type"),
                    Column("pending", "pending_tasks"),
                    Column("processing", "processing_tasks"),
                    Column("parked", "parked_tasks"),
                    Column("completed", "completed_tasks"),
                    Column("failed", "failed_tasks"),
                    Column("workers", "worker_count"),
                    Column("wait, min", "average_wait_time", ColumnFormat.TwoDecimals),
                    Column("work, min", "average_processing_time", ColumnFormat.TwoDecimals),
                    Column("paused", "pause.reason"),
                    Column("unserved", "unserved_because"),
                ],
            },
            Get("show", "/queues/{queue}", "List the unfinished tasks of one queue") with
            {
                Arguments = [InPath("queue", "The queue")],
                Paged = true,
                Columns = [.. Entries],
            },
        ],
    };

    private static PaletteParameter ReasonUnlessDryRun => Reason with
    {
        Help = "The reason, recorded in the history of each task. Not needed with --dry-run",
        OptionalInDryRun = true,
    };

    private static PaletteParameter DryRun => InBody("dry-run", "Only show what would change", ParameterType.Flag) with
    {
        IsDryRun = true,
    };

    private static PaletteParameter[] Filter =>
    [
        InBody("state", "Only tasks in this state").OneOf<TaskState>() with { Field = "filter.state" },
        InBody("queue", "Only tasks in this queue") with { Field = "filter.queue" },
        InBody("worker", "Only tasks that this worker holds or was the last to hold") with { Field = "filter.worker" },
    ];
}
