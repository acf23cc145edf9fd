using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Operator commands on tasks: cancel and requeue.</summary>
public static class OperatorCommands
{
    /// <summary>Cancels a task that has not finished. Cancelling it again succeeds.</summary>
    public static Decision<IWireMessage> Decide(QueueState state, CancelTask command, DateTimeOffset now) =>
        state.Tasks.GetValueOrDefault(command.TaskId) switch
        {
            null => new(null, Refused.Unknown($"Task {command.TaskId} does not exist.")),
            { State: TaskState.Cancelled } => new(null, Done.Instance),
            { State: TaskState.Succeeded } => new(null, Refused.Conflict($"Task {command.TaskId} has succeeded and cannot be cancelled.")),
            var task => new(
                new TasksCancelled
                {
                    At = now,
                    Tasks = [task.TaskId],
                    Reason = command.Reason,
                    Audit = QueueAudit.Of(task, command, now),
                },
                Done.Instance),
        };

    /// <summary>Requeues a parked task with fresh budgets.</summary>
    public static Decision<IWireMessage> Decide(QueueState state, RequeueTask command, QueueSettings settings, DateTimeOffset now)
    {
        if ((UnknownQueue(command.Queue, settings) ?? InvalidQuality(command.Quality)) is { } refused)
        {
            return new(null, refused);
        }

        return state.Tasks.GetValueOrDefault(command.TaskId) switch
        {
            null => new(null, Refused.Unknown($"Task {command.TaskId} does not exist.")),
            { State: TaskState.Parked } task => new(
                new TasksRequeued
                {
                    At = now,
                    Tasks = [task.TaskId],
                    Queue = command.Queue,
                    Quality = command.Quality,
                    Reason = command.Reason,
                    Audit = QueueAudit.Of(task, command, now),
                },
                Done.Instance),
            var task => new(null, Refused.Conflict($"Only a parked task can be requeued, but {TaskDescription.Of(task)}.")),
        };
    }

    /// <summary>
    /// Cancels those of the listed tasks that still match the call, and returns them. Some may have changed since they were listed. The
    /// first event of a call records it with the number of tasks that matched, <paramref name="matching"/>.
    /// </summary>
    public static Decision<ImmutableArray<TaskId>> Decide(
        QueueState state, CancelTasks command, IReadOnlyList<TaskId> tasks, DateTimeOffset now, int? matching = null)
    {
        var open = Matching(state, tasks, task => Matches(command, task));
        var audit = matching is { } count ? QueueAudit.Of(command, count, now) : null;
        return new(open.IsEmpty ? null : new TasksCancelled { At = now, Tasks = open, Reason = command.Reason, Audit = audit }, open);
    }

    /// <summary>
    /// Requeues those of the listed tasks that still match the call, and returns them. Some may have changed since they were listed. The
    /// first event of a call records it with the number of tasks that matched, <paramref name="matching"/>.
    /// </summary>
    public static Decision<ImmutableArray<TaskId>> Decide(
        QueueState state, RequeueTasks command, IReadOnlyList<TaskId> tasks, DateTimeOffset now, int? matching = null)
    {
        var parked = Matching(state, tasks, task => Matches(command, task));
        return new(
            parked.IsEmpty
                ? null
                : new TasksRequeued
                {
                    At = now,
                    Tasks = parked,
                    Queue = command.Queue,
                    Quality = command.Quality,
                    Reason = command.Reason,
                    Audit = matching is { } count ? QueueAudit.Of(command, count, now) : null,
                },
            parked);
    }

    /// <summary>Why a bulk call is rejected; null if it is accepted.</summary>
    public static Refused? Refusal(RequeueTasks command, QueueSettings settings) =>
        UnknownQueue(command.Queue, settings) ?? InvalidQuality(command.Quality);

    /// <summary>Why a bulk call is rejected; null if it is accepted.</summary>
    public static Refused? Refusal(CancelTasks command) =>
        command is { DryRun: false, Filter: { State: null, Queue: null, Worker: null } }
            ? Refused.Invalid("filter", "filter must name a state, a queue or a worker. Only a dry run may leave it empty.")
            : null;

    /// <summary>The tasks that match a bulk call, in the order of their ids.</summary>
    public static List<TaskId> Matching(QueueState state, IPartitionMessage command) => command switch
    {
        RequeueTasks requeue => TaskQueries.Matching(state, task => Matches(requeue, task)),
        CancelTasks cancel => TaskQueries.Matching(state, task => Matches(cancel, task)),
        _ => throw new ArgumentException($"{command.GetType()} is not a bulk call.", nameof(command)),
    };

    /// <summary>Cancels the tasks.</summary>
    public static QueueState Apply(QueueState state, TasksCancelled @event)
    {
        var edit = new QueueEdit(state);
        foreach (var id in @event.Tasks)
        {
            var task = edit.Get(id);
            var counted = edit.CountersOf(task.Queue);
            edit.Put(task.Queue, counted with { Cancelled = counted.Cancelled + 1 });
            edit.Put(task.Finished(TaskState.Cancelled, @event.At) with
            {
                Bulk = BulkChanges.MarkOf(@event.Bulk, BulkKind.Cancel, task.Bulk),
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Cancelled, detail: @event.Reason),
            });
            if (task is { State: TaskState.Leased, Lease: { } lease })
            {
                edit.AddOutcome(lease.WorkerId, new LeaseOutcome
                {
                    TaskId = id,
                    Epoch = lease.Epoch,
                    Kind = LeaseOutcomeKind.Returned,
                    Ran = @event.At - lease.GrantedAt,
                    Reason = "cancelled",
                });
            }
        }

        return edit.ToState();
    }

    /// <summary>Requeues the tasks.</summary>
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
                Bulk = BulkChanges.MarkOf(@event.Bulk, BulkKind.Requeue, task.Bulk),
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Requeued, detail: @event.Reason),
            });
        }

        return edit.ToState();
    }

    private static Refused? UnknownQueue(QueueName? queue, QueueSettings settings) =>
        queue is { } name && settings.Find(name) is null
            ? Refused.Invalid("queue", $"queue must be one of {string.Join(", ", settings.Definitions.Select(known => known.Name.Value))}")
            : null;

    private static Refused? InvalidQuality(JsonText? quality) =>
        quality switch
        {
            null => null,
            { IsNull: true } => Refused.Invalid("quality", "quality must be a JSON object"),
            { } given when given.BrokenObjectRule(TaskLimits.MaxQualityBytes) is { } rule => Refused.Invalid("quality", $"quality {rule}"),
            _ => null,
        };

    private static bool Matches(RequeueTasks command, TaskRecord task) =>
        task.State == TaskState.Parked && TaskQueries.Matches(task, command.Filter);

    private static bool Matches(CancelTasks command, TaskRecord task) =>
        !task.IsFinished && TaskQueries.Matches(task, command.Filter);

    private static ImmutableArray<TaskId> Matching(QueueState state, IReadOnlyList<TaskId> tasks, Func<TaskRecord, bool> match)
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

/// <summary>Tasks were cancelled.</summary>
[ProtoContract(Name = "queue.tasks-cancelled")]
public sealed record TasksCancelled : IStoredEvent, IAudited
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public ImmutableArray<TaskId> Tasks { get; init; } = [];
    [ProtoMember(3)] public string Reason { get; init; } = "";

    /// <inheritdoc />
    [ProtoMember(4)] public AuditEntry? Audit { get; init; }

    /// <summary>The bulk action; null if it was none, or one without an id.</summary>
    [ProtoMember(5)] public RequestId? Bulk { get; init; }
}

/// <summary>An operator requeued parked tasks.</summary>
[ProtoContract(Name = "queue.tasks-requeued")]
public sealed record TasksRequeued : IStoredEvent, IAudited
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public ImmutableArray<TaskId> Tasks { get; init; } = [];

    /// <summary>The tasks' new queue; null keeps each task's own.</summary>
    [ProtoMember(3)] public QueueName? Queue { get; init; }

    /// <summary>The tasks' new quality settings; null keeps each task's own.</summary>
    [ProtoMember(4)] public JsonText? Quality { get; init; }

    [ProtoMember(5)] public string Reason { get; init; } = "";

    /// <inheritdoc />
    [ProtoMember(6)] public AuditEntry? Audit { get; init; }

    /// <summary>The bulk action; null if it was none, or one without an id.</summary>
    [ProtoMember(7)] public RequestId? Bulk { get; init; }
}
