using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Charts;

/// <summary>One attempt at a task.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Worker">The worker.</param>
/// <param name="From">When it was leased.</param>
/// <param name="To">When the lease ended; null if it has not.</param>
/// <param name="End">How it ended, as a name in a task's history; null if it has not.</param>
public sealed record TaskAttempt(int Number, WorkerId? Worker, DateTimeOffset From, DateTimeOffset? To, string? End);

/// <summary>The way of a task through its states, read from its history.</summary>
public static class TaskLife
{
    /// <summary>The states in the order in which the task was in them.</summary>
    public static ImmutableArray<TaskState> Path(TaskInfo task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var path = ImmutableArray.CreateBuilder<TaskState>();
        foreach (var state in task.History.Select(StateAfter).OfType<TaskState>().Append(task.State))
        {
            if (path.Count == 0 || path[^1] != state)
            {
                path.Add(state);
            }
        }

        return path.ToImmutable();
    }

    /// <summary>The attempts, oldest first.</summary>
    public static ImmutableArray<TaskAttempt> Attempts(TaskInfo task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var attempts = ImmutableArray.CreateBuilder<TaskAttempt>();
        foreach (var entry in task.History)
        {
            if (entry.What == "leased")
            {
                attempts.Add(new(attempts.Count + 1, entry.WorkerId, entry.At, null, null));
            }
            else if (StateAfter(entry) is not null && attempts.Count > 0 && attempts[^1].To is null)
            {
                attempts[^1] = attempts[^1] with { To = entry.At, End = entry.What };
            }
        }

        return attempts.ToImmutable();
    }

    private static TaskState? StateAfter(TaskHistoryEntry entry) => entry.What switch
    {
        "submitted" or "reassigned" or "released" or "unparked" or "requeued" => TaskState.Queued,
        "leased" => TaskState.Leased,
        "lease_ended" => TaskState.Deciding,
        "completed" => TaskState.Succeeded,
        "parked" => TaskState.Parked,
        "cancelled" => TaskState.Cancelled,
        _ => null,
    };
}
