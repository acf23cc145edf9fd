using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Search;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Bulk actions. Requeuing and cancelling follow the rules of <see cref="OperatorCommands"/>. Each task keeps the id of the last action
/// that changed it, in the event of the change itself. So an action that a crash cut short can be repeated: tasks with its id are done.
/// </summary>
public static class BulkChanges
{
    /// <summary>Why a bulk action is rejected; null if it is accepted.</summary>
    public static Refused? Refusal(ChangeTasks command, QueueSettings settings)
    {
        var order = command.Order;
        if (!TaskSearch.TryParse(order.Filter, out var search, out var error))
        {
            return Refused.Invalid("filter", $"filter {error}");
        }

        if (search.IsEmpty && !command.DryRun)
        {
            return Refused.Invalid("filter", "filter must have at least one term. Only a dry run may leave it empty.");
        }

        return order switch
        {
            { Id.Value: not { Length: > 0 and <= Identifier.MaxLength } } => Refused.Invalid("id", $"id must be {Identifier.Rule}"),
            { Kind: BulkKind.Prioritize, Priority: null } => Refused.Invalid("priority", "priority is required to prioritize"),
            { Priority: { } priority } when !Enum.IsDefined(priority) => Refused.Invalid("priority", "priority is unknown"),
            { Kind: BulkKind.Move, Queue: null } => Refused.Invalid("queue", "queue is required to move"),
            { Queue: { } queue } when settings.Find(queue) is null => Refused.Invalid(
                "queue", $"queue must be one of {string.Join(", ", settings.Definitions.Select(known => known.Name.Value))}"),
            { Kind: BulkKind.Undo, Undoes: null } => Refused.Invalid("undoes", "undoes is required to undo"),
            { By: var by } when TextBytes.BrokenRule(by, CallLimits.MaxReasonBytes) is { } rule => Refused.Invalid("by", $"by {rule}"),
            { Kind: >= BulkKind.Requeue and <= BulkKind.Undo } => ReasonRules.Refusal(command),
            _ => Refused.Invalid("kind", "kind is unknown"),
        };
    }

    /// <summary>The tasks that an action would change, in the order of their ids. Do not run it on an actor's thread.</summary>
    public static List<TaskId> Matching(QueueState state, ChangeTasks command, FailoverSettings settings) =>
        TaskSearch.TryParse(command.Order.Filter, out var search, out _)
            ? TaskSearches.Ids(
                state, search, new SearchScope(settings, command.At), after: null, task => Changes(command.Order, task, settings.Queues))
            : [];

    /// <summary>
    /// Changes those of the listed tasks that still match the filter and that the action can change, and returns them. The first event of
    /// an action records it with the number of tasks that matched, <paramref name="matching"/>.
    /// </summary>
    public static Decision<ImmutableArray<TaskId>> Decide(
        QueueState state,
        ChangeTasks command,
        IReadOnlyList<TaskId> tasks,
        FailoverSettings settings,
        DateTimeOffset now,
        int? matching = null)
    {
        var order = command.Order;
        var scope = new SearchScope(settings, command.At);
        _ = TaskSearch.TryParse(order.Filter, out var search, out _);
        ImmutableArray<TaskId> changed =
        [
            .. tasks.Where(id => state.Tasks.GetValueOrDefault(id) is { } task
                && Changes(order, task, settings.Queues)
                && search!.Matches(task, scope)),
        ];
        var audit = matching is { } count ? QueueAudit.Of(command, count, now) : null;
        return new(changed.IsEmpty || command.DryRun ? null : EventOf(order, changed, audit, now), changed);
    }

    /// <summary>Whether an action changes a task: only once, and only to something else.</summary>
    public static bool Changes(BulkOrder order, TaskRecord task, QueueSettings settings) => task.Bulk?.Id != order.Id && order.Kind switch
    {
        BulkKind.Requeue => task.State == TaskState.Parked,
        BulkKind.Cancel => !task.IsFinished,
        BulkKind.Prioritize => !task.IsFinished && task.Priority != order.Priority,
        BulkKind.Move => IsMovable(task) && task.Queue != order.Queue,
        BulkKind.Undo => task.Bulk is { } mark
            && mark.Id == order.Undoes
            && (mark.Priority is not null
                ? !task.IsFinished
                : mark.Queue is { } queue && IsMovable(task) && settings.Find(queue) is not null),
        _ => throw new ArgumentOutOfRangeException(nameof(order), order.Kind, "Unknown kind of bulk action."),
    };

    /// <summary>Gives the tasks other priorities or queues.</summary>
    public static QueueState Apply(QueueState state, TasksChanged @event)
    {
        var edit = new QueueEdit(state);
        foreach (var id in @event.Tasks)
        {
            var task = edit.Get(id);
            var before = @event.Kind == BulkKind.Undo ? task.Bulk : null;
            var priority = @event.Priority ?? before?.Priority;
            var queue = @event.Queue ?? before?.Queue;
            edit.Put(task with
            {
                Reprioritized = priority ?? task.Reprioritized,
                Queue = queue ?? task.Queue,
                QueuedSince = queue is null ? task.QueuedSince : @event.At,
                PinnedTo = queue is null ? task.PinnedTo : null,
                PinnedUntil = queue is null ? task.PinnedUntil : null,
                Bulk = new BulkMark
                {
                    Id = @event.Id,
                    Kind = @event.Kind,
                    Priority = priority is null || before is not null ? null : task.Priority,
                    Queue = queue is null || before is not null ? null : task.Queue,
                },
                History = task.History.With(
                    edit.HistoryKept,
                    @event.At,
                    priority is null ? TaskHistory.Moved : TaskHistory.Reprioritized,
                    detail: $"to {(priority is { } given ? WireName.Of(given) : queue?.Value)}: {@event.Reason}"),
            });
        }

        return edit.ToState();
    }

    /// <summary>The mark of a task that a bulk action requeued or cancelled; the task's own mark if no bulk action did.</summary>
    internal static BulkMark? MarkOf(RequestId? bulk, BulkKind kind, BulkMark? own) =>
        bulk is { } id ? new BulkMark { Id = id, Kind = kind } : own;

    // A delayed task keeps its delay; a parked one stays parked.
    private static bool IsMovable(TaskRecord task) => task.State is TaskState.Queued or TaskState.Delayed or TaskState.Parked;

    private static IStoredEvent EventOf(BulkOrder order, ImmutableArray<TaskId> tasks, AuditEntry? audit, DateTimeOffset now)
    {
        var reason = ReasonOf(order);
        return order.Kind switch
        {
            BulkKind.Requeue => new TasksRequeued
            {
                At = now,
                Tasks = tasks,
                Queue = order.Queue,
                Reason = reason,
                Bulk = order.Id,
                Audit = audit,
            },
            BulkKind.Cancel => new TasksCancelled { At = now, Tasks = tasks, Reason = reason, Bulk = order.Id, Audit = audit },
            BulkKind.Prioritize or BulkKind.Move or BulkKind.Undo => new TasksChanged
            {
                At = now,
                Id = order.Id,
                Kind = order.Kind,
                Tasks = tasks,
                Priority = order.Kind == BulkKind.Prioritize ? order.Priority : null,
                Queue = order.Kind == BulkKind.Move ? order.Queue : null,
                Reason = reason,
                Audit = audit,
            },
            _ => throw new ArgumentOutOfRangeException(nameof(order), order.Kind, "Unknown kind of bulk action."),
        };
    }

    private static string ReasonOf(BulkOrder order) =>
        $"{order.Reason} (bulk action {order.Id}{(order.By == OperatorChange.Nobody ? "" : $" by {order.By}")})";
}

/// <summary>A bulk action gave tasks another priority or queue, or gave them back what they had.</summary>
[ProtoContract(Name = "queue.tasks-changed")]
public sealed record TasksChanged : IStoredEvent, IAudited
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required RequestId Id { get; init; }
    [ProtoMember(3)] public required BulkKind Kind { get; init; }
    [ProtoMember(4)] public ImmutableArray<TaskId> Tasks { get; init; } = [];
    [ProtoMember(5)] public TaskPriority? Priority { get; init; }
    [ProtoMember(6)] public QueueName? Queue { get; init; }
    [ProtoMember(7)] public string Reason { get; init; } = "";

    /// <inheritdoc />
    [ProtoMember(8)] public AuditEntry? Audit { get; init; }
}
