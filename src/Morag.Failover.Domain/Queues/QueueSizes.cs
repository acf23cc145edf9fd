using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Estimates of the bytes that a queue's events take in the journal: its texts and JSON exactly, the rest by a constant. They bound
/// what is under way and say when a snapshot is worth its cost, so that they need not be exact.
/// </summary>
public static class QueueSizes
{
    private const int PerEntry = 150;
    private const int PerTask = 300;

    /// <summary>The bytes that the tasks take in a snapshot.</summary>
    public static long BytesOf(QueueState state) => state.Size + ((long)PerTask * state.Tasks.Count);

    /// <summary>The bytes of an event.</summary>
    public static long BytesOf(IStoredEvent @event) => @event switch
    {
        TasksAccepted accepted => accepted.Tasks.Sum(BytesOf),
        TasksCompleted completed => PerEntry + completed.Completions.Sum(completion => (long)PerEntry + completion.Result.Length),
        TasksLeased leased => PerEntry + ((long)PerEntry * leased.Leases.Length),
        LeasesEnded ended => ended.Leases.Sum(BytesOf),
        InstanceFenced fenced => PerEntry + fenced.Ended.Sum(BytesOf) + ((long)PerEntry * (fenced.Freed.Length + fenced.Protected.Length)),
        TasksWentUnserved unserved => unserved.Tasks.Sum(BytesOf),
        TasksRequeued requeued => PerEntry + ((long)PerEntry * requeued.Tasks.Length) + (requeued.Quality?.Length ?? 0),
        TaskReassigned reassigned => PerEntry + (3L * reassigned.Reason.Length) + (reassigned.Quality?.Length ?? 0),
        _ => PerEntry,
    };

    /// <summary>The bytes of a task as it is handed in.</summary>
    public static long BytesOf(TaskSubmission task) => PerTask + task.Payload.Length + task.Quality.Length;

    private static long BytesOf(EndedLease ended) => PerEntry + (3L * ended.Failure.ErrorMessage.Length) + ended.Failure.Context.Length;
}
