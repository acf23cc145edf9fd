namespace Morag.Failover.Domain.Queues;

/// <summary>An entry of a time index: the task changes state at that time without a call.</summary>
public readonly record struct DueEntry(DateTimeOffset At, long Order, TaskId TaskId)
{
    /// <summary>An empty index, earliest first.</summary>
    public static readonly ImmutableSortedSet<DueEntry> None = ImmutableSortedSet.Create<DueEntry>(Comparer<DueEntry>.Create(
        (left, right) => left.At != right.At ? left.At.CompareTo(right.At) : left.Order.CompareTo(right.Order)));
}

/// <summary>Sets of task ids, in ordinal order.</summary>
public static class TaskIdSet
{
    public static readonly ImmutableSortedSet<TaskId> None = ImmutableSortedSet.Create<TaskId>(
        Comparer<TaskId>.Create((left, right) => string.CompareOrdinal(left.Value, right.Value)));
}
