using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Charts;

/// <summary>One attempt at a task.</summary>
/// <param name="Number">Its number, from 1.</param>
/// <param name="Worker">The worker.</param>
/// <param name="From">When it was leased.</param>
/// <param name="To">When the lease ended; null if it has not. Its start if its end is no longer in the history.</param>
/// <param name="End">
/// How it ended, as a name in a task's history; null if it has not; <see cref="TaskLife.Forgotten"/> if that is no longer in the history.
/// </param>
public sealed record TaskAttempt(int Number, WorkerId? Worker, DateTimeOffset From, DateTimeOffset? To, string? End);

/// <summary>The way of a task through its states, read from its history.</summary>
public static class TaskLife
{
    /// <summary>How an attempt ended whose end is no longer in the history.</summary>
    public const string Forgotten = "forgotten";

    /// <summary>
    /// The states in the order in which the task was in them. Null stands for what a long history no longer has: it forgets its middle.
    /// </summary>
    public static ImmutableArray<TaskState?> Path(TaskInfo task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var gap = GapOf(task);
        var path = ImmutableArray.CreateBuilder<TaskState?>();
        foreach (var (index, entry) in task.History.Index())
        {
            if (index == gap)
            {
                path.Add(null);
            }

            Add(StateAfter(entry));
        }

        Add(task.State);
        return path.ToImmutable();

        void Add(TaskState? state)
        {
            if (state is not null && (path.Count == 0 || path[^1] != state))
            {
                path.Add(state);
            }
        }
    }

    /// <summary>The attempts, oldest first.</summary>
    public static ImmutableArray<TaskAttempt> Attempts(TaskInfo task)
    {
        ArgumentNullException.ThrowIfNull(task);
        var gap = GapOf(task);
        var forgotten = 0;
        var attempts = ImmutableArray.CreateBuilder<TaskAttempt>();
        foreach (var (index, entry) in task.History.Index())
        {
            if (index == gap)
            {
                Forget();
                forgotten = task.Attempt - task.History.Count(IsLease);
            }

            if (IsLease(entry))
            {
                Forget();
                attempts.Add(new(attempts.Count + 1 + forgotten, entry.WorkerId, entry.At, null, null));
            }
            else if (StateAfter(entry) is not null && attempts.Count > 0 && attempts[^1].To is null)
            {
                attempts[^1] = attempts[^1] with { To = entry.At, End = entry.What };
            }
        }

        return attempts.ToImmutable();

        void Forget()
        {
            if (attempts is [.., { To: null } open])
            {
                attempts[^1] = open with { To = open.From, End = Forgotten };
            }
        }
    }

    /// <summary>The entry before which a long history has forgotten some, among them leases; null if it has forgotten none.</summary>
    private static int? GapOf(TaskInfo task) => task.History.Count(IsLease) < task.Attempt ? task.History.Length / 2 : null;

    private static bool IsLease(TaskHistoryEntry entry) => entry.What == "leased";

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
