using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Carries out failover decisions: each once, and only while the task waits for the decision about that lease.</summary>
public static class TaskReassignment
{
    private const int FailuresKept = 50;

    /// <summary>Carries out the decision, or reports why it does not apply.</summary>
    public static Decision<ReassignOutcome> Decide(QueueState state, Reassign command, QueueSettings settings, DateTimeOffset now)
    {
        var outcome = new ReassignOutcome { TaskId = command.TaskId, FailureId = command.FailureId };
        if (state.Tasks.GetValueOrDefault(command.TaskId) is not { } task)
        {
            return new(null, outcome with { Detail = $"task {command.TaskId} no longer exists" });
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

    /// <summary>Puts the task where the decision says.</summary>
    public static QueueState Apply(QueueState state, TaskReassigned @event)
    {
        var edit = new QueueEdit(state);
        var task = edit.Get(@event.TaskId);
        var failure = task.Pending!;
        var parks = FailoverStrategies.Of(@event.Strategy).ParksTask;
        var full = task.Failures.Length >= FailuresKept;
        var earlier = RetryBudgets.ClearWorkers(RetryBudgets.BlameWorkers(task, @event.WorkersFault), @event.Cleared);
        var after = task with
        {
            State = parks ? TaskState.Parked : @event.NotBefore is null ? TaskState.Queued : TaskState.Delayed,
            Pending = null,
            Queue = @event.Queue,
            QueuedSince = @event.At,
            Budgets = RetryBudgets.Charge(earlier.Budgets, failure, @event),
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
                : task.History.With(
                    edit.HistoryKept,
                    @event.At,
                    TaskHistory.Reassigned,
                    @event.PinnedTo,
                    failure.Epoch,
                    $"{FailoverStrategies.Of(@event.Strategy).QueuedAs}: {@event.Reason}"),
        };
        edit.Put(after);
        return edit.ToState();
    }
}

/// <summary>A failover decision was carried out.</summary>
[ProtoContract(Name = "queue.task-reassigned")]
public sealed record TaskReassigned : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required TaskId TaskId { get; init; }
    [ProtoMember(3)] public required FailureId FailureId { get; init; }
    [ProtoMember(4)] public required FailoverStrategy Strategy { get; init; }

    /// <summary>The task's new queue.</summary>
    [ProtoMember(5)] public required QueueName Queue { get; init; }

    /// <summary>When the task may be leased again; null means at once.</summary>
    [ProtoMember(6)] public DateTimeOffset? NotBefore { get; init; }

    [ProtoMember(7)] public WorkerId? PinnedTo { get; init; }

    /// <summary>When the pin expires, if there is no delay.</summary>
    [ProtoMember(8)] public DateTimeOffset? PinnedUntil { get; init; }

    [ProtoMember(9)] public WorkerId? Avoid { get; init; }

    /// <summary>The new quality settings; null keeps the current ones.</summary>
    [ProtoMember(10)] public JsonText? Quality { get; init; }

    /// <summary>The rungs of the quality ladder used.</summary>
    [ProtoMember(11)] public int QualityRung { get; init; }

    /// <summary>Whether the failure does not count against the task and uses none of its budgets.</summary>
    [ProtoMember(12)] public bool ExcludedFromBudgets { get; init; }

    [ProtoMember(13)] public string Reason { get; init; } = "";

    /// <summary>The task's failures, possibly including this one, that turned out to be their workers' fault.</summary>
    [ProtoMember(14)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];

    /// <summary>Failures that were blamed on their workers and count against the task after all.</summary>
    [ProtoMember(15)] public ImmutableArray<FailureId> Cleared { get; init; } = [];
}
