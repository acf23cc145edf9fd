using System.Globalization;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>The audit entries of operators' actions on tasks and queues.</summary>
internal static class QueueAudit
{
    /// <summary>The most characters of the cause of a parked task.</summary>
    private const int MostOfCause = 500;

    private static readonly string Cancelled = WireName.Of(TaskState.Cancelled);

    public static AuditEntry Of(TaskRecord task, CancelTask command, DateTimeOffset now) =>
        Of(AuditAction.TaskCancel, command.By, task.TaskId.Value, command.Reason, StateOf(task), Cancelled, now);

    public static AuditEntry Of(TaskRecord task, RequeueTask command, DateTimeOffset now) =>
        Of(AuditAction.TaskRequeue, command.By, task.TaskId.Value, command.Reason, StateOf(task), Queued(command.Queue ?? task.Queue), now);

    /// <summary>The entry of a bulk call in one partition: its filter, and how many tasks matched when it began.</summary>
    public static AuditEntry Of(CancelTasks command, int matching, DateTimeOffset now) => Of(
        AuditAction.TaskCancel,
        command.By,
        Filter(command.Filter),
        command.Reason,
        Matching(matching, command.Partition),
        Cancelled,
        now);

    /// <summary>The entry of a bulk call in one partition: its filter, and how many tasks matched when it began.</summary>
    public static AuditEntry Of(RequeueTasks command, int matching, DateTimeOffset now) => Of(
        AuditAction.TaskRequeue,
        command.By,
        Filter(command.Filter),
        command.Reason,
        Matching(matching, command.Partition),
        Queued(command.Queue),
        now);

    /// <summary>The entry of a bulk action in one partition: its filter, and how many tasks matched when it began.</summary>
    public static AuditEntry Of(ChangeTasks command, int matching, DateTimeOffset now)
    {
        var order = command.Order;
        var (action, after) = order.Kind switch
        {
            BulkKind.Requeue => (AuditAction.TaskRequeue, Queued(order.Queue)),
            BulkKind.Cancel => (AuditAction.TaskCancel, Cancelled),
            BulkKind.Prioritize => (AuditAction.TaskPrioritize, $"priority {WireName.Of(order.Priority!.Value)}"),
            BulkKind.Move => (AuditAction.TaskMove, $"in {order.Queue}"),
            BulkKind.Undo => (AuditAction.TaskUndo, $"as before bulk action {order.Undoes}"),
            _ => throw new ArgumentOutOfRangeException(nameof(command), order.Kind, "Unknown kind of bulk action."),
        };
        return Of(
            action,
            order.By,
            order.Filter,
            $"{order.Reason} (bulk action {order.Id})",
            Matching(matching, command.Partition),
            after,
            now);
    }

    public static AuditEntry Of(
        QueueControl before, QueueControl after, AuditAction action, string by, string reason, DateTimeOffset now) =>
        Of(action, by, after.Queue.Value, reason, Control(before, action), Control(after, action), now);

    private static AuditEntry Of(
        AuditAction action, string? by, string target, string reason, string before, string after, DateTimeOffset now) => new()
        {
            At = now,
            By = by ?? OperatorChange.Nobody,
            Action = action,
            Target = target,
            Reason = reason,
            Before = before,
            After = after,
        };

    private static string Queued(QueueName? queue) => queue is { } named ? $"queued in {named}" : "queued";

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
