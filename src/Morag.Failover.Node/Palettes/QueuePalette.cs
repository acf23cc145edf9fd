using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary>Commands that pause queues and change their limits.</summary>
internal static class QueuePalette
{
    private static readonly PaletteParameter Queue = InPath("queue", "The queue");
    private static readonly PaletteParameter Reason = InBody("reason", "The reason, shown with the queue") with
    {
        Required = true,
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    public static PaletteCommand[] Controls { get; } =
    [
        Control(Post("pause", "/queues/{queue}/pause", "Pause a queue: workers get no new tasks from it; it accepts tasks as before")) with
        {
            Options = [Reason],
        },
        Control(Post("resume", "/queues/{queue}/resume", "End the pause of a queue")) with { Options = [Reason] },
        Control(Get("limits", "/queues/{queue}/limits", "Show the limits of a queue and whether it is paused")),
        Control(Post("limit", "/queues/{queue}/limits", "Change limits of a queue until they are reset")) with
        {
            Options =
            [
                Reason,
                WholeInBody(
                    "per-worker", "Tasks of this queue that one worker may hold", QueueLimits.MinPerWorker, QueueLimits.MaxPerWorker),
                NumberInBody("weight", "Its share when a worker serves several queues", 0, QueueLimits.MaxWeight),
                NumberInBody(
                    "timeout", "Seconds that a lease lasts", TaskLimits.MinTimeoutSeconds, TaskLimits.MaxTimeoutSeconds) with
                {
                    Field = "timeout_seconds",
                },
                NumberInBody(
                    "unserved-after",
                    "Seconds that tasks wait for an available worker before they move to the next queue",
                    QueueLimits.MinUnservedAfterSeconds,
                    QueueLimits.MaxUnservedAfterSeconds) with
                {
                    Field = "unserved_after_seconds",
                },
                InBody("reset", "Limits that follow the configuration again, separated by commas", ParameterType.List).OneOf<QueueLimit>(),
            ],
        },
    ];

    private static PaletteCommand Control(PaletteCommand command) => command with
    {
        Arguments = [Queue],
        View = PaletteView.Record,
        Columns =
        [
            Column("queue", "queue_type"),
            Column("paused", "pause.reason"),
            Column("paused by", "pause.by"),
            Column("paused at", "pause.at", ColumnFormat.Time),
            Column("per worker", "limits.per_worker"),
            Column("weight", "limits.weight"),
            Column("timeout, s", "limits.timeout_seconds"),
            Column("unserved after, s", "limits.unserved_after_seconds"),
            Column("changed", "overridden"),
            Column("changed by", "limits_changed.by"),
            Column("changed because", "limits_changed.reason"),
            Column("not yet on", "not_yet_on"),
        ],
    };
}
