namespace Morag.Failover.Domain.Queues;

/// <summary>A task that changes by itself at a time.</summary>
public readonly record struct DueEntry(DateTimeOffset At, long Order, TaskId TaskId)
{
    /// <summary>None, earliest first.</summary>
    public static readonly ImmutableSortedSet<DueEntry> None = ImmutableSortedSet.Create<DueEntry>(Comparer<DueEntry>.Create(
        (left, right) => left.At != right.At ? left.At.CompareTo(right.At) : left.Order.CompareTo(right.Order)));
}

/// <summary>Ids of tasks in their order, by their characters' values.</summary>
public static class TaskIdSet
{
    /// <summary>No ids.</summary>
    public static readonly ImmutableSortedSet<TaskId> None = ImmutableSortedSet.Create<TaskId>(
        Comparer<TaskId>.Create((left, right) => string.CompareOrdinal(left.Value, right.Value)));
}
