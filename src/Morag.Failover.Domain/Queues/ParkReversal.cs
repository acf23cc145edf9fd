using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>Reverses a decision to park: once, and only while the task is still parked by that decision.</summary>
public static class ParkReversal
{
    /// <summary>Queues the task again, or reports why it does not apply.</summary>
    public static Decision<UnparkOutcome> Decide(QueueState state, Unpark command, DateTimeOffset now)
    {
        var outcome = new UnparkOutcome { TaskId = command.TaskId, FailureId = command.FailureId };
        if (state.Tasks.GetValueOrDefault(command.TaskId) is not { } task)
        {
            return new(null, outcome with { Detail = $"task {command.TaskId} no longer exists" });
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

    /// <summary>Whether the task is still parked by the decision about that failure.</summary>
    public static ParkState Decide(QueueState state, GetParkState question) => new()
    {
        TaskId = question.TaskId,
        FailureId = question.FailureId,
        Parked = state.Tasks.GetValueOrDefault(question.TaskId) is { } task && IsParkedBy(task, question.FailureId),
    };

    /// <summary>
    /// The notices for the coordinator about an event: tasks with earlier failures that completed, were cancelled or were requeued.
    /// </summary>
    public static IEnumerable<TaskMovedOn> MovedOn(IStoredEvent @event, QueueState before)
    {
        return @event switch
        {
            TasksCompleted completed => Notices(completed.Completions.Select(completion => completion.TaskId), succeeded: true),
            TasksCancelled cancelled => Notices(cancelled.Tasks, succeeded: false),
            TasksRequeued requeued => Notices(requeued.Tasks, succeeded: false),
            _ => [],
        };

        IEnumerable<TaskMovedOn> Notices(IEnumerable<TaskId> tasks, bool succeeded) =>
            from id in tasks
            where before.Tasks.GetValueOrDefault(id) is { Failures.IsEmpty: false }
            select new TaskMovedOn { TaskId = id, Succeeded = succeeded };
    }

    /// <summary>Queues the task again.</summary>
    public static QueueState Apply(QueueState state, TaskUnparked @event)
    {
        var edit = new QueueEdit(state);
        var task = RetryBudgets.BlameWorkers(edit.Get(@event.TaskId), @event.WorkersFault);
        edit.Put(task with
        {
            State = TaskState.Queued,
            QueuedSince = @event.At,
            ParkedBecause = null,
            Avoid = @event.Avoid,
            Failures = task.Failures.SetItem(task.Failures.Length - 1, task.Failures[^1] with { Unparked = true }),
            History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Unparked, detail: @event.Reason),
        });
        return edit.ToState();
    }

    private static bool IsParkedBy(TaskRecord task, FailureId failure) =>
        task is { State: TaskState.Parked, Failures: [.., { } last] } && last.FailureId == failure;
}

/// <summary>A parked task was queued again, because the failures that parked it turned out to be their workers' fault.</summary>
[ProtoContract(Name = "queue.task-unparked")]
public sealed record TaskUnparked : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked the task.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }

    [ProtoMember(4)] public WorkerId? Avoid { get; init; }

    /// <summary>The task's failures that are their workers' fault.</summary>
    [ProtoMember(5)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];

    [ProtoMember(6)] public string Reason { get; init; } = "";
}
