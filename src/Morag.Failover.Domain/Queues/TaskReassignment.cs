using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Carrying a decision out: once, and only while the task is deciding about the lease that it was decided for.</summary>
public static class TaskReassignment
{
    private const int FailuresKept = 50;

    /// <summary>Carries the decision out, or says what came before it.</summary>
    public static Decision<ReassignOutcome> Decide(QueueState state, Reassign command, QueueSettings settings, DateTimeOffset now)
    {
        var outcome = new ReassignOutcome { TaskId = command.TaskId, FailureId = command.FailureId };
        if (state.Tasks.GetValueOrDefault(command.TaskId) is not { } task)
        {
            return new(null, outcome with { Detail = $"task {command.TaskId} is no longer known" });
        }

        foreach (var failure in task.Failures)
        {
            if (failure.FailureId == command.FailureId)
            {
                return new(null, outcome with { Applied = true, Detail = FailoverStrategies.Of(failure.Strategy).QueuedAs });
            }
        }

        if (task.State != TaskState.Deciding || task.Pending!.Epoch != command.Epoch)
        {
            return new(null, outcome with { Detail = TaskDescription.Of(task) });
        }

        var action = command.Action;
        var pinnedTo = FailoverStrategies.Of(action.Strategy).PinsToWorker ? action.TargetWorkerId ?? task.Pending.WorkerId : null;
        var decided = new TaskReassigned
        {
            At = now,
            TaskId = command.TaskId,
            FailureId = command.FailureId,
            Strategy = action.Strategy,
            Queue = action.TargetQueue is { } target && settings.Find(target) is not null ? target : task.Queue,
            NotBefore = command.Delay > TimeSpan.Zero ? now + command.Delay : null,
            PinnedTo = pinnedTo,
            PinnedUntil = pinnedTo is null ? null : now + settings.PinLapse,
            Avoid = command.Avoid,
            Quality = command.Quality,
            QualityRung = command.QualityRung,
            ExcludedFromBudgets = command.ExcludedFromBudgets,
            Reason = action.Reason,
            WorkersFault = command.WorkersFault,
            Cleared = command.Cleared,
        };
        return new(decided, outcome with { Applied = true, Detail = FailoverStrategies.Of(action.Strategy).QueuedAs });
    }

    /// <summary>The state with the task where the decision puts it.</summary>
    public static QueueState Apply(QueueState state, TaskReassigned @event)
    {
        var edit = new QueueEdit(state);
        var task = edit.Get(@event.TaskId);
        var failure = task.Pending!;
        var parks = FailoverStrategies.Of(@event.Strategy).ParksTask;
        var full = task.Failures.Length >= FailuresKept;
        var earlier = RetryBudgets.Clearing(RetryBudgets.Blaming(task, @event.WorkersFault), @event.Cleared);
        var after = task with
        {
            State = parks ? TaskState.Parked : @event.NotBefore is null ? TaskState.Queued : TaskState.Delayed,
            Pending = null,
            Queue = @event.Queue,
            QueuedSince = @event.At,
            Budgets = RetryBudgets.After(earlier.Budgets, failure, @event),
            Failures = (full ? earlier.Failures.RemoveAt(0) : earlier.Failures).Add(new TaskFailure
            {
                FailureId = @event.FailureId,
                FailureType = failure.FailureType,
                WorkerId = failure.WorkerId,
                At = failure.OccurredAt,
                Strategy = @event.Strategy,
                ExcludedFromBudgets = @event.ExcludedFromBudgets,
                WorkersFault = @event.WorkersFault.Contains(@event.FailureId),
            }),
            Forgiven = full ? Math.Max(0, task.Forgiven - 1) : task.Forgiven,
            Quality = @event.Quality ?? task.Quality,
            NotBefore = parks ? null : @event.NotBefore,
            PinnedTo = parks ? null : @event.PinnedTo,
            PinnedUntil = parks ? null : @event.PinnedUntil,
            Avoid = parks ? null : @event.Avoid,
            ParkedBecause = parks ? @event.Reason : null,
            History = parks
                ? task.History.With(edit.HistoryKept, @event.At, TaskHistory.Parked, epoch: failure.Epoch, detail: @event.Reason)
                : task.History.With(edit.HistoryKept, @event.At, TaskHistory.Reassigned, @event.PinnedTo, failure.Epoch, $"{FailoverStrategies.Of(@event.Strategy).QueuedAs}: {@event.Reason}"),
        };
        edit.Put(after);
        return edit.Done();
    }
}
