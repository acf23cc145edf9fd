using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues.Ready;

/// <summary>A task that can be leased, with the disk space it needs. Sorted by priority, then by age.</summary>
public readonly record struct ReadyTask : INeedItem<ReadyTask>
{
    private const int BitsOfOrder = 56;

    private readonly long place;
    private readonly string? avoid;

    private ReadyTask(long place, TaskId taskId, string? avoid, double diskGb)
    {
        this.place = place;
        this.avoid = avoid;
        TaskId = taskId;
        DiskGb = diskGb;
    }

    /// <summary>An empty set, in order.</summary>
    public static readonly ImmutableSortedSet<ReadyTask> None =
        ImmutableSortedSet.Create<ReadyTask>(Comparer<ReadyTask>.Create((left, right) => Compare(left, right)));

    public TaskId TaskId { get; }

    /// <summary>The disk space that the task needs, in GiB.</summary>
    public double DiskGb { get; }

    /// <summary>The priority of the task.</summary>
    internal TaskPriority Priority => TaskPriority.Urgent - (int)(place >> BitsOfOrder);

    double INeedItem<ReadyTask>.Need => DiskGb;

    string? INeedItem<ReadyTask>.Excluded => avoid;

    public static ReadyTask Of(TaskRecord task) => new(
        PlaceOf(task),
        task.TaskId,
        task.Avoid?.Value,
        task.Submission.ResourceRequirements.DiskGb);

    /// <summary>The place before all tasks of a priority. It is no task.</summary>
    internal static ReadyTask FrontOf(TaskPriority priority) => new(FrontPlaceOf(priority), default, avoid: null, diskGb: 0);

    /// <summary>A number that sorts tasks by priority, then by age.</summary>
    internal static long PlaceOf(TaskRecord task) => FrontPlaceOf(task.Priority) | task.Order;

    /// <inheritdoc />
    public static int Compare(in ReadyTask left, in ReadyTask right) => left.place.CompareTo(right.place);

    private static long FrontPlaceOf(TaskPriority priority) => (long)((int)TaskPriority.Urgent - (int)priority) << BitsOfOrder;
}
