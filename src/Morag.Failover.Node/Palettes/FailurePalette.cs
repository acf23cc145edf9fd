using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Palettes;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag failure</c>: failures and their decisions.</summary>
internal static class FailurePalette
{
    public static ImmutableArray<PaletteColumn> Decisions =>
    [
        Column("when", "failure_event.occurred_at", ColumnFormat.Time),
        Column("task", "task_id"),
        Column("failure", "failure_event.failure_type"),
        Column("worker", "failure_event.worker_id"),
        Column("chosen", "selected_action.strategy"),
        Column("to queue", "selected_action.target_queue"),
        Column("outcome", "decision_metadata.outcome"),
        Column("confidence", "confidence", ColumnFormat.Percent),
        Column("message", "failure_event.error_message"),
    ];

    public static Palette Failure { get; } = new()
    {
        Name = "failure",
        Summary = "List and report failures",
        Commands =
        [
            Get("list", "/failures", "List failures, newest first") with
            {
                Options =
                [
                    InQuery("since", "Only failures since this time, or since an age such as 2h") with { Type = ParameterType.Moment },
                    InQuery("until", "Only failures before this time, or before an age such as 1h") with { Type = ParameterType.Moment },
                    InQuery("type", "Only failures of this type").OneOf<FailureType>(),
                    InQuery("worker", "Only failures on this worker"),
                    InQuery("task", "Only failures of this task"),
                ],
                Paged = true,
                Columns = Decisions,
            },
            Get("stale", "/failures/stale", "List reports that changed nothing because their lease had already ended, newest first") with
            {
                Options =
                [
                    InQuery("worker", "Only reports about this worker"),
                    InQuery("task", "Only reports about this task"),
                ],
                Paged = true,
                Columns =
                [
                    Column("when", "at", ColumnFormat.Time),
                    Column("task", "task_id"),
                    Column("failure", "failure_type"),
                    Column("worker", "worker_id"),
                    Column("epoch", "epoch"),
                    Column("why", "detail"),
                ],
            },
            Get("statistics", "/failures/statistics", "Count failures and open breakers") with { View = PaletteView.Record },
            Post("report", "/failures", "Report a failure and print the decision") with
            {
                Arguments = [InBody("task", "The task") with { Field = "task_id", Required = true }],
                Options =
                [
                    (InBody("type", "The kind of failure") with { Field = "failure_type", Required = true }).OneOf<FailureType>(),
                    InBody("message", "What you know about the failure") with
                    {
                        Field = "error_message",
                        Required = true,
                        MaxBytes = FailureLimits.MaxErrorMessageBytes,
                    },
                    InBody("worker", "The worker on which the task failed") with { Field = "worker_id" },
                    WholeInBody("epoch", "The epoch of the lease that failed", 1, null),
                    InBody("event-id", "An id for the failure (default: a new id); repeated reports with the same id are one failure") with
                    {
                        Generated = true,
                    },
                    InBody("context", "Further details as a JSON object", ParameterType.Json) with
                    {
                        MaxBytes = FailureLimits.MaxContextBytes,
                    },
                ],
                View = PaletteView.Explain,
                Repeatable = true,
            },
        ],
    };
}
