using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Domain.Owners;
using Morag.Failover.Node.Http.Events;
using Morag.Failover.Node.Http.Log;
using Morag.Failover.Node.Inspection;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag events</c> and <c>morag log</c>: what happens, as it happens.</summary>
internal static class EventPalettes
{
    public static Palette Events { get; } = new()
    {
        Name = "events",
        Summary = "Follow failures, decisions, breakers, workers and alerts as they change",
        Commands =
        [
            Get("tail", "/events", "Print live events as they happen, from all nodes; continues after a lost connection") with
            {
                Options =
                [
                    InQuery(
                        "events",
                        $"Only these, separated by commas: {LiveEventNames.Failure}, {LiveEventNames.Decision}, {LiveEventNames.Resolved}, "
                        + $"{LiveEventNames.Breaker}, {LiveEventNames.Worker}, {LiveEventNames.Alert}"),
                    InQuery("type", "Only failures and decisions of this type").OneOf<FailureType>(),
                    InQuery("worker", "Only events of this worker"),
                    InQuery("task", "Only events of this task"),
                    InQuery("last", "How many past events to print first, as far as the node has them (default 0)") with
                    {
                        Type = ParameterType.WholeNumber,
                        Least = 0,
                        Most = RecentEvents.MaxEvents,
                    },
                    Once,
                ],
                Follow = true,
                Columns =
                [
                    Column("", "occurred_at", ColumnFormat.Time),
                    Column("", "failure_event.occurred_at", ColumnFormat.Time),
                    Column("", "at", ColumnFormat.Time),
                    Column("", "changed_at", ColumnFormat.Time),
                    Column("", "severity"),
                    Column("", "component"),
                    Column("task", "task_id"),
                    Column("worker", "worker_id"),
                    Column("worker", "failure_event.worker_id"),
                    Column("type", "failure_type"),
                    Column("type", "failure_event.failure_type"),
                    Column("chosen", "selected_action.strategy"),
                    Column("to queue", "selected_action.target_queue"),
                    Column("outcome", "outcome"),
                    Column("state", "state"),
                    Column("", "what"),
                    Column("message", "error_message"),
                    Column("", "message"),
                    Column("reason", "reason"),
                    Column("detail", "detail"),
                ],
            },
        ],
    };

    public static Palette Log { get; } = new()
    {
        Name = "log",
        Summary = "Follow the log of a node, and change its level while it runs",
        Commands =
        [
            Get("tail", "/log", "Print the newest entries of a node's log, and then each entry as it is logged") with
            {
                Arguments =
                [
                    InQuery("node", "The node: host:port as in \"cluster nodes\", or \"self\" (default: the one that is asked)") with
                    {
                        IsNode = true,
                        Default = NodeInspectors.Self,
                    },
                ],
                Options =
                [
                    InQuery("level", "The least severity").OneOf<LogSeverity>(),
                    InQuery("lines", "How many past entries to print first (default 20)") with
                    {
                        Type = ParameterType.WholeNumber,
                        Least = 0,
                        Most = NodeLogPage.MaxLines,
                    },
                    Once,
                ],
                Follow = true,
                Columns =
                [
                    Column("", "at", ColumnFormat.Time),
                    Column("", "level"),
                    Column("", "source"),
                    Column("", "text"),
                ],
            },
            Get("levels", "/log/level", "Show the level of the log of each node") with
            {
                Options =
                [
                    InQuery("at", "Only this node: host:port as in \"cluster nodes\", or \"self\"") with { Field = "node", IsNode = true },
                ],
                Columns = Level,
            },
            Post("level", "/log/level", "Change the level of a node's log while it runs") with
            {
                Arguments =
                [
                    InBody("node", "The node: host:port as in \"cluster nodes\", or \"self\"") with { Required = true, IsNode = true },
                    InBody("level", "The level").OneOf<LogSeverity>() with { Required = true },
                ],
                Options =
                [
                    Reason,
                    NumberInBody("for", "Seconds until the configured level comes back", 1, LogLevelRequest.MaxSeconds) with
                    {
                        Field = "for_seconds",
                    },
                ],
                View = PaletteView.Record,
                Columns = Level,
                Repeatable = true,
            },
        ],
    };

    private static System.Collections.Immutable.ImmutableArray<PaletteColumn> Level =>
    [
        Column("node", "node"),
        Column("level", "level"),
        Column("configured", "configured"),
        Column("until", "until", ColumnFormat.Time),
        Column("changed by", "by"),
        Column("because", "reason"),
        Column("problem", "problem"),
    ];
}
