using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Settings;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag task</c> and <c>morag queue</c>: work handed in, where it is, and what an operator does with it.</summary>
internal static class TaskPalette
{
    private static readonly PaletteParameter Id = InPath("id", "The task");
    private static readonly PaletteParameter Reason = InBody("reason", "Why; it stays in the task's history") with
    {
        Required = true,
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    private static readonly PaletteParameter Worker = InBody("worker", "The worker that holds it") with { Field = "worker_id", Required = true };
    private static readonly PaletteParameter Epoch = WholeInBody("epoch", "The lease's epoch", 1, null) with { Required = true };
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
        Summary = "The tasks: hand in, follow, understand, take up again",
        Commands =
        [
            Post("submit", "/tasks", "Hand in one task") with
            {
                Options =
                [
                    InBody("queue", "The queue") with { Required = true },
                    InBody("task-id", "Its id; the same id and content again is the same task. Made up where not given"),
                    InBody("payload", "What the command gets on its standard input: a text, - for the standard input, or @FILE", ParameterType.LargeText) with
                    {
                        MaxBytes = settings.MaxPayload,
                    },
                    InBody("payload-json", "The payload as JSON: a value, - for the standard input, or @FILE", ParameterType.Json) with
                    {
                        Field = "payload",
                        MaxBytes = settings.MaxPayload,
                    },
                    InBody("priority", "Higher first, then oldest first (default normal)").OneOf<TaskPriority>(),
                    NumberInBody("timeout", "Seconds that one lease may run", TaskLimits.MinTimeoutSeconds, TaskLimits.MaxTimeoutSeconds) with
                    {
                        Field = "timeout_seconds",
                    },
                    WholeInBody("max-retries", "Failures of its own before it is parked", 0, TaskLimits.MaxRetries),
                    InBody("content-type", "Matched against what the workers support") with { MaxBytes = TaskLimits.MaxContentTypeBytes },
                    Quality,
                    InBody("gpu", "It needs a GPU", ParameterType.Flag) with { Field = "resource_requirements.gpu_required" },
                    NumberInBody("memory-gb", "Memory that it needs, in GiB", 0, TaskLimits.MaxResourceGb) with { Field = "resource_requirements.memory_gb" },
                    NumberInBody("disk-gb", "Disk space that it needs, in GiB", 0, TaskLimits.MaxResourceGb) with { Field = "resource_requirements.disk_gb" },
                    NumberInBody("estimated-duration", "Minutes that it is expected to take", 0, TaskLimits.MaxEstimatedMinutes),
                ],
                View = PaletteView.Record,
                Columns = [Column("task", "task_id"), Column("state", "state")],
                Remark = "note",
            },
            Get("list", "/tasks", "Tasks, in the order of their ids") with
            {
                Options =
                [
                    InQuery("state", "Only those in this state").OneOf<TaskState>(),
                    InQuery("queue", "Only those of this queue"),
                    InQuery("worker", "Only those that this worker holds, or held last"),
                ],
                Paged = true,
                Columns = [.. Entries],
            },
            Get("show", "/tasks/{id}", "One task in full, with its history") with
            {
                Arguments = [Id],
                View = PaletteView.Record,
                Columns =
                [
                    Column("task", "task_id"),
                    Column("state", "state"),
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
                    Column("content type", "content_type"),
                    Column("needs", "resource_requirements"),
                    Column("quality", "quality"),
                    Column("payload", "payload"),
                    Column("result", "result"),
                    Column("history", "history", ColumnFormat.Lines),
                ],
            },
            Get("explain", "/tasks/{id}/explain", "Every decision about a task: what failed, what was chosen, why, and what came of it") with
            {
                Arguments = [Id],
                View = PaletteView.Explain,
            },
            Get("result", "/tasks/{id}", "The result alone, as the command wrote it") with
            {
                Arguments = [Id],
                View = PaletteView.Raw,
                Select = "result",
            },
            Post("requeue", "/tasks/{id}/requeue", "Take a parked task up again") with
            {
                Arguments = [Id],
                Options = [Reason, InBody("queue", "Another queue"), Quality],
                View = PaletteView.Record,
            },
            Delete("cancel", "/tasks/{id}", "Cancel a task that has not ended") with
            {
                Arguments = [Id],
                Options = [InQuery("reason", "Why; it stays in the task's history") with { MaxBytes = CallLimits.MaxReasonBytes }],
                View = PaletteView.Record,
                Confirm = "It will not be carried out. Go on?",
            },
            Post("extend", "/tasks/{id}/extend", "Give a running lease more time") with
            {
                Arguments = [Id],
                Options =
                [
                    Worker,
                    Epoch,
                    NumberInBody("seconds", "How much more", TaskLimits.MinExtensionSeconds, TaskLimits.MaxExtensionSeconds) with { Required = true },
                ],
                View = PaletteView.Record,
            },
            Post("release", "/tasks/{id}/release", "Give a lease back without blame") with
            {
                Arguments = [Id],
                Options = [Worker, Epoch],
                View = PaletteView.Record,
            },
            Post("requeue-all", "/tasks/requeue", "Take up every parked task that matches") with
            {
                Options =
                [
                    ReasonUnlessDryRun,
                    .. Filter,
                    InBody("to-queue", "Another queue") with { Field = "queue" },
                    Quality,
                    DryRun,
                ],
                Objects = ["filter"],
                View = PaletteView.Record,
            },
            Post("cancel-all", "/tasks/cancel", "Cancel every task that matches; except for a dry run, at least one filter must be given") with
            {
                Options = [ReasonUnlessDryRun, .. Filter, DryRun],
                Objects = ["filter"],
                View = PaletteView.Record,
                Confirm = "What matches will not be carried out. Go on?",
            },
        ],
    };

    public static Palette Queue { get; } = new()
    {
        Name = "queue",
        Summary = "The queues",
        Commands =
        [
            Get("list", "/queues", "The counts of every queue") with
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
                    Column("unserved", "unserved_because"),
                ],
            },
            Get("show", "/queues/{queue}", "The entries of one queue") with
            {
                Arguments = [InPath("queue", "The queue")],
                Paged = true,
                Columns = [.. Entries],
            },
        ],
    };

    private static PaletteParameter ReasonUnlessDryRun => Reason with
    {
        Help = "Why; it stays in the history of each task. Not needed with --dry-run",
        OptionalInDryRun = true,
    };

    private static PaletteParameter DryRun => InBody("dry-run", "Only say what would be changed", ParameterType.Flag) with
    {
        IsDryRun = true,
    };

    private static PaletteParameter[] Filter =>
    [
        InBody("state", "Only those in this state").OneOf<TaskState>() with { Field = "filter.state" },
        InBody("queue", "Only those of this queue") with { Field = "filter.queue" },
        InBody("worker", "Only those that this worker holds, or held last") with { Field = "filter.worker" },
    ];
}
