using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>One page of the list of tasks.</summary>
public sealed record TasksModel
{
    /// <summary>The tasks; null if no owner answered.</summary>
    public required IReadOnlyList<QueueEntry>? Tasks { get; init; }

    /// <summary>Where the next page begins; null if this is the last one.</summary>
    public string? Next { get; init; }

    /// <summary>The filter in force, in the filter language; empty for none.</summary>
    public required string Filter { get; init; }

    /// <summary>Why the filter or the order is invalid; null if they are not.</summary>
    public string? Problem { get; init; }

    /// <summary>The field that the tasks are sorted by, with a leading <c>-</c> for descending order; empty for none.</summary>
    public string Sort { get; init; } = "";

    /// <summary>The columns that are shown.</summary>
    public required ImmutableArray<TaskColumn> Columns { get; init; }

    /// <summary>The columns as an address holds them; null for the usual ones.</summary>
    public string? ChosenColumns =>
        Columns.SequenceEqual(TaskColumn.Usual) ? null : string.Join(',', Columns.Select(column => column.Name));
}

/// <summary>One task.</summary>
public sealed record TaskModel
{
    /// <summary>The task.</summary>
    public required TaskInfo Task { get; init; }

    /// <summary>The decisions about it, oldest first; null if their owner did not answer.</summary>
    public required IReadOnlyList<FailoverDecision>? Decisions { get; init; }

    /// <summary>The queues to choose from.</summary>
    public required IReadOnlyList<QueueName> Queues { get; init; }

    /// <summary>The time of the page.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Whether it can still be cancelled.</summary>
    public bool IsUnfinished => Task.State is not (TaskState.Succeeded or TaskState.Cancelled);

    /// <summary>Where it stands and what happens next, in one sentence.</summary>
    public string Sentence => IsUnfinished && Task.Waiting is { } waiting ? waiting.Sentence : Task.State switch
    {
        TaskState.Queued when Task.UnmetNeed is { } need => $"It waits, because {need}.",
        TaskState.Queued => $"It waits for a free worker that serves {Task.Queue}.",
        TaskState.Delayed when Task.NotBefore is { } due =>
            $"It waits for its retry delay to end, in {Texts.Duration(Later(due))}, at {Texts.Utc(due)}.",
        TaskState.Delayed => "It waits for its retry delay to end.",
        TaskState.Leased when Task.Deadline is { } deadline =>
            $"{Task.WorkerId} runs it. Its lease times out in {Texts.Duration(Later(deadline))}, at {Texts.Utc(deadline)}.",
        TaskState.Leased => $"{Task.WorkerId} runs it.",
        TaskState.Deciding => "Its lease ended in a failure, and the decision about it is under way.",
        TaskState.Succeeded => $"{Task.WorkerId} completed it.",
        TaskState.Parked => $"It waits for an operator: {Task.ParkedBecause ?? "it was parked"}",
        TaskState.Cancelled => "It was cancelled.",
        _ => throw new ArgumentOutOfRangeException(nameof(Task), Task.State, "There is no such state."),
    };

    /// <summary>Where its forms go.</summary>
    public string Action(string what) => $"{PageAddress.Of(Task.TaskId)}/{what}";

    private TimeSpan Later(DateTimeOffset at) => at > Now ? at - Now : TimeSpan.Zero;
}
