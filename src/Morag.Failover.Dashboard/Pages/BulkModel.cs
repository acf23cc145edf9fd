using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>The preview of a bulk action.</summary>
public sealed record BulkModel
{
    /// <summary>The action, without a reason.</summary>
    public required BulkOrder Order { get; init; }

    /// <summary>Whether the reader has chosen what to do.</summary>
    public required bool IsChosen { get; init; }

    /// <summary>Why it cannot be previewed; null if it can.</summary>
    public string? Problem { get; init; }

    /// <summary>How many tasks the filter matches; null if that is unknown.</summary>
    public required int? Matching { get; init; }

    /// <summary>How many of them the action would change; null if that is unknown.</summary>
    public required int? Count { get; init; }

    /// <summary>Some of those.</summary>
    public required IReadOnlyList<TaskId> Sample { get; init; }

    /// <summary>The queues to choose from.</summary>
    public required IReadOnlyList<QueueName> Queues { get; init; }

    /// <summary>The kinds of actions to choose from.</summary>
    public static IReadOnlyList<BulkKind> Kinds { get; } = [BulkKind.Requeue, BulkKind.Cancel, BulkKind.Prioritize, BulkKind.Move];
}

/// <summary>Where a bulk action stands.</summary>
public enum BulkRunState
{
    /// <summary>This node carries it out now.</summary>
    Running,

    /// <summary>This node has carried it out.</summary>
    Done,

    /// <summary>It ended early.</summary>
    Failed,

    /// <summary>This node knows nothing about it.</summary>
    Elsewhere,
}

/// <summary>The progress of a bulk action.</summary>
public sealed record BulkRunModel
{
    /// <summary>The action: as this node carries it out, or else as the address of the page describes it.</summary>
    public required BulkOrder Order { get; init; }

    /// <summary>How many tasks carry its mark; null if that is unknown.</summary>
    public required int? Changed { get; init; }

    /// <summary>How many tasks it has changed since it was begun on this node; null if it was not.</summary>
    public required int? ChangedNow { get; init; }

    /// <summary>How many tasks it was expected to change; null if that is unknown.</summary>
    public required int? Expected { get; init; }

    /// <summary>Where it stands.</summary>
    public required BulkRunState State { get; init; }

    /// <summary>Why it ended early; null if it did not.</summary>
    public required string? Problem { get; init; }

    /// <summary>Whether it can be undone. While it is under way, it would change the tasks again.</summary>
    public bool CanUndo => State != BulkRunState.Running && Order.Kind is BulkKind.Prioritize or BulkKind.Move && Changed > 0;

    /// <summary>Whether it can be continued: only what this node carried out, so that no link can start anything else.</summary>
    public bool CanContinue => State == BulkRunState.Failed && Order.Kind != BulkKind.Undo;
}

/// <summary>The addresses of bulk actions.</summary>
public static class BulkAddress
{
    /// <summary>The page about an action. Its address describes the action, so that any node can show it.</summary>
    public static string Of(BulkOrder order, int? expected)
    {
        ArgumentNullException.ThrowIfNull(order);
        (string Name, string? Value)[] parts =
        [
            ("action", WireName.Of(order.Kind)),
            ("filter", order.Filter),
            ("priority", order.Priority is { } priority ? WireName.Of(priority) : null),
            ("queue", order.Queue?.Value),
            ("reason", order.Reason),
            ("expected", expected?.ToString(CultureInfo.InvariantCulture)),
        ];
        return parts.Aggregate(
            "/bulk/" + Uri.EscapeDataString(order.Id.Value), (address, part) => PageAddress.With(address, part.Name, part.Value));
    }

    /// <summary>The preview of an action on the tasks that a filter matches.</summary>
    public static string Preview(string filter) => PageAddress.With("/bulk", "filter", filter);

    /// <summary>What an action does, in words.</summary>
    public static string Title(BulkOrder order)
    {
        ArgumentNullException.ThrowIfNull(order);
        return order.Kind switch
        {
            BulkKind.Requeue => order.Queue is { } queue ? $"Requeue parked tasks in {queue}" : "Requeue parked tasks",
            BulkKind.Cancel => "Cancel unfinished tasks",
            BulkKind.Prioritize => order.Priority is { } priority
                ? $"Give tasks the priority {Texts.Words(priority)}"
                : "Change the priority",
            BulkKind.Move => order.Queue is { } queue ? $"Move tasks to {queue}" : "Move to another queue",
            BulkKind.Undo => "Undo an action",
            _ => throw new ArgumentOutOfRangeException(nameof(order), order.Kind, "There is no such kind."),
        };
    }
}
