using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>Taking a decision to park back: once, and only while the task is parked by that decision.</summary>
public static class ParkReversal
{
    /// <summary>Queues the task again, or says what came first.</summary>
    public static Decision<UnparkOutcome> Decide(QueueState state, Unpark command, DateTimeOffset now)
    {
        var outcome = new UnparkOutcome { TaskId = command.TaskId, FailureId = command.FailureId };
        if (state.Tasks.GetValueOrDefault(command.TaskId) is not { } task)
        {
            return new(null, outcome with { Detail = $"task {command.TaskId} is no longer known" });
        }

        if (IsParkedBy(task, command.FailureId))
        {
            var unparked = new TaskUnparked
            {
                At = now,
                TaskId = command.TaskId,
                FailureId = command.FailureId,
                Avoid = command.Avoid,
                WorkersFault = command.WorkersFault,
                Reason = command.Reason,
            };
            return new(unparked, outcome with { Applied = true, Detail = "queued again" });
        }

        var repeated = task.Failures.Any(failure => failure.FailureId == command.FailureId && failure.Unparked);
        return new(null, outcome with { Applied = repeated, Detail = repeated ? "queued again" : TaskDescription.Of(task) });
    }

    /// <summary>Whether the task is parked by the decision about that failure.</summary>
    public static ParkedAnswer Decide(QueueState state, AskWhetherParked question) => new()
    {
        TaskId = question.TaskId,
        FailureId = question.FailureId,
        Parked = state.Tasks.GetValueOrDefault(question.TaskId) is { } task && IsParkedBy(task, question.FailureId),
    };

    /// <summary>What the coordinator is told of an event: tasks that had failed before went on.</summary>
    public static IEnumerable<TaskWentOn> WentOn(IStoredEvent @event, QueueState before)
    {
        return @event switch
        {
            TasksCompleted completed => Those(completed.Completions.Select(completion => completion.TaskId), succeeded: true),
            TasksCancelled cancelled => Those(cancelled.Tasks, succeeded: false),
            TasksRequeued requeued => Those(requeued.Tasks, succeeded: false),
            _ => [],
        };

        IEnumerable<TaskWentOn> Those(IEnumerable<TaskId> tasks, bool succeeded) =>
            from id in tasks
            where before.Tasks.GetValueOrDefault(id) is { Failures.IsEmpty: false }
            select new TaskWentOn { TaskId = id, Succeeded = succeeded };
    }

    /// <summary>The state with the task queued again.</summary>
    public static QueueState Apply(QueueState state, TaskUnparked @event)
    {
        var edit = new QueueEdit(state);
        var task = RetryBudgets.Blaming(edit.Get(@event.TaskId), @event.WorkersFault);
        edit.Put(task with
        {
            State = TaskState.Queued,
            QueuedSince = @event.At,
            ParkedBecause = null,
            Avoid = @event.Avoid,
            Failures = task.Failures.SetItem(task.Failures.Length - 1, task.Failures[^1] with { Unparked = true }),
            History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Unparked, detail: @event.Reason),
        });
        return edit.Done();
    }

    private static bool IsParkedBy(TaskRecord task, FailureId failure) =>
        task is { State: TaskState.Parked, Failures: [.., { } last] } && last.FailureId == failure;
}
