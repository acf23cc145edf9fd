using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// What decides which workers can take a task. Tasks that are alike in it wait in one lane, so that a worker passes over a whole
/// lane of tasks that it cannot take at once, however long it is.
/// </summary>
public readonly record struct Lane(QueueName Queue, string? ContentType, ResourceRequirements Needs)
{
    /// <summary>The lane of a task.</summary>
    public static Lane Of(TaskRecord task) =>
        new(task.Queue, task.Submission.ContentType, task.Submission.ResourceRequirements);
}

/// <summary>A task that can be leased, with its place: higher priority first, then oldest first.</summary>
public readonly record struct ReadyTask(int Priority, long Order, TaskId TaskId, WorkerId? Avoid)
{
    /// <summary>The order of tasks.</summary>
    public static readonly IComparer<ReadyTask> ByPlace = Comparer<ReadyTask>.Create(Compare);

    /// <summary>None, in their order.</summary>
    public static readonly ImmutableSortedSet<ReadyTask> None = ImmutableSortedSet.Create<ReadyTask>(ByPlace);

    /// <summary>The place of a task.</summary>
    public static ReadyTask Of(TaskRecord task) =>
        new((int)task.Submission.Priority, task.Order, task.TaskId, task.Avoid);

    /// <summary>Negative where <paramref name="left"/> comes first.</summary>
    public static int Compare(ReadyTask left, ReadyTask right) =>
        left.Priority != right.Priority
            ? right.Priority.CompareTo(left.Priority)
            : left.Order.CompareTo(right.Order);
}

/// <summary>A task that changes by itself at a time.</summary>
public readonly record struct DueTask(DateTimeOffset At, long Order, TaskId TaskId)
{
    /// <summary>None, earliest first.</summary>
    public static readonly ImmutableSortedSet<DueTask> None = ImmutableSortedSet.Create<DueTask>(Comparer<DueTask>.Create(
        (left, right) => left.At != right.At ? left.At.CompareTo(right.At) : left.Order.CompareTo(right.Order)));
}

/// <summary>Ids of tasks in their order, by their characters' values.</summary>
public static class TaskIdSet
{
    /// <summary>No ids.</summary>
    public static readonly ImmutableSortedSet<TaskId> None = ImmutableSortedSet.Create<TaskId>(
        Comparer<TaskId>.Create((left, right) => string.CompareOrdinal(left.Value, right.Value)));
}
