using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>What an operator does with tasks: take parked ones up again, cancel.</summary>
public static class OperatorCommands
{
    /// <summary>Cancels a task that has not ended; one that is cancelled stays so.</summary>
    public static Decision<IWireMessage> Decide(QueueState state, CancelTask command, DateTimeOffset now) =>
        state.Tasks.GetValueOrDefault(command.TaskId) switch
        {
            null => new(null, Refused.Unknown($"there is no task {command.TaskId}")),
            { State: TaskState.Cancelled } => new(null, Done.Instance),
            { State: TaskState.Succeeded } => new(null, Refused.Conflict($"task {command.TaskId} has succeeded")),
            var task => new(new TasksCancelled { At = now, Tasks = [task.TaskId], Reason = command.Reason }, Done.Instance),
        };

    /// <summary>Queues a parked task again, with its budgets cleared.</summary>
    public static Decision<IWireMessage> Decide(QueueState state, RequeueTask command, QueueSettings settings, DateTimeOffset now)
    {
        if ((UnknownQueue(command.Queue, settings) ?? NoQuality(command.Quality)) is { } refused)
        {
            return new(null, refused);
        }

        return state.Tasks.GetValueOrDefault(command.TaskId) switch
        {
            null => new(null, Refused.Unknown($"there is no task {command.TaskId}")),
            { State: TaskState.Parked } task => new(
                new TasksRequeued { At = now, Tasks = [task.TaskId], Queue = command.Queue, Quality = command.Quality, Reason = command.Reason },
                Done.Instance),
            var task => new(null, Refused.Conflict($"only a parked task can be requeued: {TaskDescription.Of(task)}")),
        };
    }

    /// <summary>Cancels those of the tasks that the call still means, and gives them: what was found may have gone on since.</summary>
    public static Decision<ImmutableArray<TaskId>> Decide(QueueState state, CancelTasks command, IReadOnlyList<TaskId> tasks, DateTimeOffset now)
    {
        var open = Those(state, tasks, task => IsMeant(command, task));
        return new(open.IsEmpty ? null : new TasksCancelled { At = now, Tasks = open, Reason = command.Reason }, open);
    }

    /// <summary>Queues those of the tasks again that the call still means, and gives them: what was found may have gone on since.</summary>
    public static Decision<ImmutableArray<TaskId>> Decide(QueueState state, RequeueTasks command, IReadOnlyList<TaskId> tasks, DateTimeOffset now)
    {
        var parked = Those(state, tasks, task => IsMeant(command, task));
        return new(
            parked.IsEmpty ? null : new TasksRequeued { At = now, Tasks = parked, Queue = command.Queue, Quality = command.Quality, Reason = command.Reason },
            parked);
    }

    /// <summary>Why a call for many is refused; null where it is not.</summary>
    public static Refused? Refusal(RequeueTasks command, QueueSettings settings) =>
        UnknownQueue(command.Queue, settings) ?? NoQuality(command.Quality);

    /// <summary>Why a call for many is refused; null where it is not.</summary>
    public static Refused? Refusal(CancelTasks command) =>
        command is { DryRun: false, Filter: { State: null, Queue: null, Worker: null } }
            ? Refused.Invalid("filter", "filter must name a state, a queue or a worker; only a dry run may leave it empty")
            : null;

    /// <summary>The tasks that a call for many means, in the order of their ids.</summary>
    public static List<TaskId> Matching(QueueState state, IPartitionMessage command) => command switch
    {
        RequeueTasks requeue => TaskQueries.Matching(state, task => IsMeant(requeue, task)),
        CancelTasks cancel => TaskQueries.Matching(state, task => IsMeant(cancel, task)),
        _ => [],
    };

    /// <summary>The state with the tasks cancelled.</summary>
    public static QueueState Apply(QueueState state, TasksCancelled @event)
    {
        var edit = new QueueEdit(state);
        foreach (var id in @event.Tasks)
        {
            var task = edit.Get(id);
            var counted = edit.Counters(task.Queue);
            edit.Put(task.Queue, counted with { Cancelled = counted.Cancelled + 1 });
            edit.Put(task with
            {
                State = TaskState.Cancelled,
                FinishedAt = @event.At,
                Pending = null,
                NotBefore = null,
                PinnedTo = null,
                PinnedUntil = null,
                Avoid = null,
                ParkedBecause = null,
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Cancelled, detail: @event.Reason),
            });
            if (task is { State: TaskState.Leased, Lease: { } lease })
            {
                edit.Owe(lease.WorkerId, new LeaseOutcome
                {
                    TaskId = id,
                    Epoch = lease.Epoch,
                    Kind = LeaseOutcomeKind.Returned,
                    Ran = @event.At - lease.GrantedAt,
                    Reason = "cancelled",
                });
            }
        }

        return edit.Done();
    }

    /// <summary>The state with the tasks queued again.</summary>
    public static QueueState Apply(QueueState state, TasksRequeued @event)
    {
        var edit = new QueueEdit(state);
        foreach (var id in @event.Tasks)
        {
            var task = edit.Get(id);
            edit.Put(task with
            {
                State = TaskState.Queued,
                Queue = @event.Queue ?? task.Queue,
                Quality = @event.Quality ?? task.Quality,
                QueuedSince = @event.At,
                ParkedBecause = null,
                Budgets = @event.Quality is null ? new TaskBudgets { QualityRung = task.Budgets.QualityRung } : TaskBudgets.Unused,
                Forgiven = task.Failures.Length,
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Requeued, detail: @event.Reason),
            });
        }

        return edit.Done();
    }

    private static Refused? UnknownQueue(QueueName? queue, QueueSettings settings) =>
        queue is { } name && settings.Find(name) is null
            ? Refused.Invalid("queue", $"queue must be one of {string.Join(", ", settings.Definitions.Select(known => known.Name.Value))}")
            : null;

    private static Refused? NoQuality(JsonText? quality) =>
        quality switch
        {
            null => null,
            { IsNull: true } => Refused.Invalid("quality", "quality must be a JSON object"),
            { } given => given.BrokenObjectRule(TaskLimits.MaxQualityBytes) is { } rule ? Refused.Invalid("quality", $"quality {rule}") : null,
        };

    private static bool IsMeant(RequeueTasks command, TaskRecord task) =>
        task.State == TaskState.Parked && TaskQueries.Matches(task, command.Filter);

    private static bool IsMeant(CancelTasks command, TaskRecord task) =>
        !task.IsEnded && TaskQueries.Matches(task, command.Filter);

    private static ImmutableArray<TaskId> Those(QueueState state, IReadOnlyList<TaskId> tasks, Func<TaskRecord, bool> match)
    {
        var matching = ImmutableArray.CreateBuilder<TaskId>(tasks.Count);
        foreach (var id in tasks)
        {
            if (state.Tasks.GetValueOrDefault(id) is { } task && match(task))
            {
                matching.Add(id);
            }
        }

        return matching.DrainToImmutable();
    }
}
