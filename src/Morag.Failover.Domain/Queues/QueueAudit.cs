using System.Globalization;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>The audit entries of operators' actions on tasks and queues.</summary>
internal static class QueueAudit
{
    /// <summary>The most characters of the cause of a parked task.</summary>
    private const int MostOfCause = 500;

    public static AuditEntry Of(TaskRecord task, CancelTask command, DateTimeOffset now) => new()
    {
        At = now,
        By = command.By ?? OperatorChange.Nobody,
        Action = AuditAction.TaskCancel,
        Target = task.TaskId.Value,
        Reason = command.Reason,
        Before = StateOf(task),
        After = WireName.Of(TaskState.Cancelled),
    };

    public static AuditEntry Of(TaskRecord task, RequeueTask command, DateTimeOffset now) => new()
    {
        At = now,
        By = command.By ?? OperatorChange.Nobody,
        Action = AuditAction.TaskRequeue,
        Target = task.TaskId.Value,
        Reason = command.Reason,
        Before = StateOf(task),
        After = $"queued in {command.Queue ?? task.Queue}",
    };

    /// <summary>The entry of a bulk call in one partition: its filter, and how many tasks matched when it began.</summary>
    public static AuditEntry Of(CancelTasks command, int matching, DateTimeOffset now) => new()
    {
        At = now,
        By = command.By ?? OperatorChange.Nobody,
        Action = AuditAction.TaskCancel,
        Target = Filter(command.Filter),
        Reason = command.Reason,
        Before = Matching(matching, command.Partition),
        After = WireName.Of(TaskState.Cancelled),
    };

    /// <summary>The entry of a bulk call in one partition: its filter, and how many tasks matched when it began.</summary>
    public static AuditEntry Of(RequeueTasks command, int matching, DateTimeOffset now) => new()
    {
        At = now,
        By = command.By ?? OperatorChange.Nobody,
        Action = AuditAction.TaskRequeue,
        Target = Filter(command.Filter),
        Reason = command.Reason,
        Before = Matching(matching, command.Partition),
        After = command.Queue is { } queue ? $"queued in {queue}" : "queued",
    };

    /// <summary>The entry of a bulk action in one partition: its filter, and how many tasks matched when it began.</summary>
    public static AuditEntry Of(ChangeTasks command, int matching, DateTimeOffset now)
    {
        var order = command.Order;
        var (action, after) = order.Kind switch
        {
            BulkKind.Requeue => (AuditAction.TaskRequeue, order.Queue is { } queue ? $"queued in {queue}" : "queued"),
            BulkKind.Cancel => (AuditAction.TaskCancel, WireName.Of(TaskState.Cancelled)),
            BulkKind.Prioritize => (AuditAction.TaskPrioritize, $"priority {WireName.Of(order.Priority!.Value)}"),
            BulkKind.Move => (AuditAction.TaskMove, $"in {order.Queue}"),
            BulkKind.Undo => (AuditAction.TaskUndo, $"as before bulk action {order.Undoes}"),
            _ => throw new ArgumentOutOfRangeException(nameof(command), order.Kind, "Unknown kind of bulk action."),
        };
        return new AuditEntry
        {
            At = now,
            By = order.By,
            Action = action,
            Target = order.Filter,
            Reason = $"{order.Reason} (bulk action {order.Id})",
            Before = Matching(matching, command.Partition),
            After = after,
        };
    }

    public static AuditEntry Of(
        QueueControl before, QueueControl after, AuditAction action, string by, string reason, DateTimeOffset now) => new()
        {
            At = now,
            By = by,
            Action = action,
            Target = after.Queue.Value,
            Reason = reason,
            Before = Control(before, action),
            After = Control(after, action),
        };

    private static string Control(QueueControl control, AuditAction action) => action == AuditAction.QueueLimits
        ? Limits(control.Limits)
        : control.Pause is { } pause ? $"paused: {pause.Reason}" : "not paused";

    private static string Limits(QueueLimits limits)
    {
        var changed = string.Join(", ", new[]
        {
            Text("per_worker", limits.PerWorker),
            Text("weight", limits.Weight),
            Text("timeout_seconds", limits.TimeoutSeconds),
            Text("unserved_after_seconds", limits.UnservedAfterSeconds),
        }.Where(text => text is not null));
        return changed.Length == 0 ? "as configured" : changed;
    }

    private static string? Text(string name, double? value) =>
        value is { } given ? string.Create(CultureInfo.InvariantCulture, $"{name} = {given}") : null;

    private static string StateOf(TaskRecord task) => task.ParkedBecause is { } why
        ? $"parked in {task.Queue}: {(why.Length <= MostOfCause ? why : why[..MostOfCause])}"
        : $"{WireName.Of(task.State)} in {task.Queue}";

    private static string Matching(int count, int partition) =>
        string.Create(CultureInfo.InvariantCulture, $"{Counted.Of(count, "task")} of partition {partition}");

    private static string Filter(TaskFilter filter)
    {
        var set = string.Join(" ", new[]
        {
            filter.State is { } state ? $"state:{WireName.Of(state)}" : null,
            filter.Queue is { } queue ? $"queue:{queue}" : null,
            filter.Worker is { } worker ? $"worker:{worker}" : null,
        }.Where(text => text is not null));
        return set.Length == 0 ? "all tasks" : set;
    }
}
