using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Palettes;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag failure</c>: what failed, and what was decided about it.</summary>
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
        Summary = "The failures, and what was decided about them",
        Commands =
        [
            Get("list", "/failures", "Failures, newest first") with
            {
                Options =
                [
                    InQuery("since", "Only those since: a time, or an age such as 2h") with { Type = ParameterType.Moment },
                    InQuery("until", "Only those before: a time, or an age such as 1h") with { Type = ParameterType.Moment },
                    InQuery("type", "Only those of this type").OneOf<FailureType>(),
                    InQuery("worker", "Only those on this worker"),
                    InQuery("task", "Only those of this task"),
                ],
                Paged = true,
                Columns = Decisions,
            },
            Get("stale", "/failures/stale", "Reports that changed nothing, since what they named no longer held the task; newest first") with
            {
                Options =
                [
                    InQuery("worker", "Only those that named this worker"),
                    InQuery("task", "Only those about this task"),
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
            Get("statistics", "/failures/statistics", "Counts of failures, and of workers in trouble") with { View = PaletteView.Record },
            Post("report", "/failures", "Report a failure that was seen; prints the decision") with
            {
                Arguments = [InBody("task", "The task") with { Field = "task_id", Required = true }],
                Options =
                [
                    (InBody("type", "What failed") with { Field = "failure_type", Required = true }).OneOf<FailureType>(),
                    InBody("message", "What is known about it") with
                    {
                        Field = "error_message",
                        Required = true,
                        MaxBytes = FailureLimits.MaxErrorMessageBytes,
                    },
                    InBody("worker", "The worker it happened on") with { Field = "worker_id" },
                    WholeInBody("epoch", "The lease it ended", 1, null),
                    InBody("event-id", "A name for it: the same again is the same failure"),
                    InBody("context", "Whatever else helps, as a JSON object", ParameterType.Json) with { MaxBytes = FailureLimits.MaxContextBytes },
                ],
                View = PaletteView.Explain,
            },
        ],
    };
}
