using System.Collections.Immutable;
using Morag.Failover.Contracts.Palettes;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using static Morag.Failover.Node.Palettes.PaletteParts;

namespace Morag.Failover.Node.Palettes;

/// <summary><c>morag bulk</c>: actions on every task that matches a filter.</summary>
internal static class BulkPalette
{
    private static readonly PaletteParameter Reason = InBody("reason", "The reason, recorded in the history of each task") with
    {
        Required = true,
        MaxBytes = CallLimits.MaxReasonBytes,
    };

    private static readonly PaletteParameter[] Common =
    [
        InBody("filter", "A filter, such as 'state:parked error~CUDA' (see docs/search.md)") with { Required = true },
        Reason with { Help = "The reason, recorded in the history of each task. Not needed with --dry-run", OptionalInDryRun = true },
        InBody("id", "The id of the action (default: a new id). Repeating it changes no task twice") with { Generated = true },
        InBody("dry-run", "Only count the tasks that would change", ParameterType.Flag) with { IsDryRun = true },
    ];

    public static Palette Bulk { get; } = new()
    {
        Name = "bulk",
        Summary = "Requeue, cancel, prioritize or move every task that matches a filter",
        Commands =
        [
            Action(BulkKind.Requeue, "Requeue the matching parked tasks", "The matching parked tasks will run again. Continue?") with
            {
                Options = [.. Common, InBody("queue", "The new queue (default: each task's current one)")],
            },
            Action(BulkKind.Cancel, "Cancel the matching unfinished tasks", "The matching tasks will not run. Continue?"),
            Action(BulkKind.Prioritize, "Give the matching unfinished tasks another priority", null) with
            {
                Options = [.. Common, InBody("priority", "The new priority").OneOf<TaskPriority>() with { Required = true }],
            },
            Action(BulkKind.Move, "Move the matching tasks that no worker holds to another queue", null) with
            {
                Options = [.. Common, InBody("queue", "The new queue") with { Required = true }],
            },
            Get("show", "/bulk/{id}", "Show how many tasks an action has changed") with
            {
                Arguments = [InPath("id", "The action")],
                View = PaletteView.Record,
            },
            Post("undo", "/bulk/{id}/undo", "Give tasks back the priority or queue that they had before an action") with
            {
                Arguments = [InPath("id", "The action")],
                Options = [Reason],
                View = PaletteView.Record,
                Columns = [Column("action", "id"), .. AffectedTasks],
            },
        ],
    };

    private static PaletteCommand Action(BulkKind kind, string summary, string? confirm) =>
        Post(WireName.Of(kind), "/bulk", summary) with
        {
            Options = [.. Common],
            FixedFields = ImmutableSortedDictionary<string, string>.Empty.Add("action", WireName.Of(kind)),
            View = PaletteView.Record,
            Columns = [Column("action", "id"), .. AffectedTasks],
            Confirm = confirm,
            Repeatable = true,
        };
}
