using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues.Ready;

/// <summary>A task that can be leased, with its place, higher priority first and then oldest first, and the disk space it needs.</summary>
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

    /// <summary>None, in their order.</summary>
    public static readonly ImmutableSortedSet<ReadyTask> None =
        ImmutableSortedSet.Create<ReadyTask>(Comparer<ReadyTask>.Create((left, right) => Compare(left, right)));

    /// <summary>The task.</summary>
    public TaskId TaskId { get; }

    /// <summary>The disk space that it needs, in GiB.</summary>
    public double DiskGb { get; }

    double INeedItem<ReadyTask>.Need => DiskGb;

    string? INeedItem<ReadyTask>.Shuns => avoid;

    /// <summary>The place of a task.</summary>
    public static ReadyTask Of(TaskRecord task) => new(
        PlaceOf(task),
        task.TaskId,
        task.Avoid?.Value,
        task.Submission.ResourceRequirements.DiskGb);

    /// <summary>A number that is less for a task that comes first.</summary>
    internal static long PlaceOf(TaskRecord task) => ((long)((int)TaskPriority.Urgent - (int)task.Submission.Priority) << BitsOfOrder) | task.Order;

    /// <inheritdoc />
    public static int Compare(in ReadyTask left, in ReadyTask right) => left.place.CompareTo(right.place);
}
