using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The state of one queue partition. <see cref="Tasks"/>, the counters and the workers' shares are what is known; the rest are
/// indexes, which follow from the tasks and are kept by <see cref="QueueEdit"/> alone.
/// </summary>
public sealed record QueueState
{
    /// <summary>A partition that never had a task.</summary>
    public static readonly QueueState Empty = new();

    /// <summary>How many history entries a task keeps.</summary>
    public int HistoryKept { get; init; } = 50;

    /// <summary>The last epoch given out.</summary>
    public LeaseEpoch LastEpoch { get; init; }

    /// <summary>How many tasks were ever accepted.</summary>
    public long LastOrder { get; init; }

    /// <summary>Every task that is remembered.</summary>
    public TaskTable Tasks { get; init; } = TaskTable.Empty;

    /// <summary>What is kept of each worker.</summary>
    public ImmutableDictionary<WorkerId, WorkerShare> Workers { get; init; } = ImmutableDictionary<WorkerId, WorkerShare>.Empty;

    /// <summary>The counters of each queue.</summary>
    public ImmutableDictionary<QueueName, QueueCounters> Counters { get; init; } = ImmutableDictionary<QueueName, QueueCounters>.Empty;

    /// <summary>The tasks that any worker may take, by what they need.</summary>
    public ReadyIndex Ready { get; init; } = ReadyIndex.Empty;

    /// <summary>Those of them that the last event made ready.</summary>
    public ImmutableArray<TaskId> JustReady { get; init; } = [];

    /// <summary>Delayed tasks by when they come due, and pinned ones by when the pin lapses.</summary>
    public ImmutableSortedSet<DueEntry> Due { get; init; } = DueEntry.None;

    /// <summary>Held leases by when they end: at their deadline, or when a lost worker's protection is over.</summary>
    public ImmutableSortedSet<DueEntry> LeaseEnds { get; init; } = DueEntry.None;

    /// <summary>Tasks whose decision is owed.</summary>
    public ImmutableSortedSet<TaskId> Deciding { get; init; } = TaskIdSet.None;

    /// <summary>Workers whose entity is owed a batch of outcomes.</summary>
    public ImmutableHashSet<WorkerId> Owed { get; init; } = [];

    /// <summary>Ended tasks, first ended first.</summary>
    public ImmutableQueue<TaskId> Ended { get; init; } = ImmutableQueue<TaskId>.Empty;

    /// <summary>How many ended tasks are remembered.</summary>
    public int EndedCount { get; init; }

    /// <summary>The bytes that they hold, as <see cref="TaskRecord.Size"/> counts them.</summary>
    public long EndedSize { get; init; }

    /// <summary>The bytes that all tasks hold, as <see cref="TaskRecord.Size"/> counts them.</summary>
    public long Size { get; init; }

    /// <summary>Tasks that have not ended.</summary>
    public int OpenCount => Tasks.Count - EndedCount;

    /// <summary>When something changes by itself next.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            DateTimeOffset? due = Due.IsEmpty ? null : Due.Min.At;
            DateTimeOffset? leaseEnd = LeaseEnds.IsEmpty ? null : LeaseEnds.Min.At;
            return due is null || leaseEnd < due ? leaseEnd : due;
        }
    }

    /// <summary>What is kept of a worker.</summary>
    public WorkerShare ShareOf(WorkerId worker) => Workers.GetValueOrDefault(worker, WorkerShare.Empty);
}
