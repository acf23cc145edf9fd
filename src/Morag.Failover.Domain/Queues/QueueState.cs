using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Queues.Ready;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The state of one queue partition. <see cref="Tasks"/>, <see cref="Counters"/>, <see cref="Workers"/> and <see cref="Controls"/> hold the
/// facts; everything else is an index derived from the tasks, maintained only by <see cref="QueueEdit"/>.
/// </summary>
public sealed record QueueState
{
    public static readonly QueueState Empty = new();

    /// <summary>How many history entries each task keeps.</summary>
    public int HistoryKept { get; init; } = 50;

    /// <summary>The highest epoch granted so far.</summary>
    public LeaseEpoch LastEpoch { get; init; }

    /// <summary>How many tasks were ever accepted.</summary>
    public long LastOrder { get; init; }

    /// <summary>The queues that operators paused, or gave other limits than the configured ones.</summary>
    public ControlledQueues Controls { get; init; } = ControlledQueues.None;

    /// <summary>What operators did here, until a coordinator has recorded it.</summary>
    public AuditOutbox Audit { get; init; } = AuditOutbox.Empty;

    /// <summary>Every task that is not forgotten.</summary>
    public TaskTable Tasks { get; init; } = TaskTable.Empty;

    public ImmutableDictionary<WorkerId, WorkerShare> Workers { get; init; } = ImmutableDictionary<WorkerId, WorkerShare>.Empty;
    public ImmutableDictionary<QueueName, QueueCounters> Counters { get; init; } = ImmutableDictionary<QueueName, QueueCounters>.Empty;

    /// <summary>Queued tasks that are not pinned, indexed by what they need.</summary>
    public ReadyIndex Ready { get; init; } = ReadyIndex.Empty;

    /// <summary>The tasks that the last event added to <see cref="Ready"/>.</summary>
    public ImmutableArray<TaskId> JustReady { get; init; } = [];

    /// <summary>Delayed tasks by when they come due, and pinned tasks by when the pin expires.</summary>
    public ImmutableSortedSet<DueEntry> Due { get; init; } = DueEntry.None;

    /// <summary>Leased tasks by when the lease ends: at its deadline, or when a lost worker's protection is over.</summary>
    public ImmutableSortedSet<DueEntry> LeaseEnds { get; init; } = DueEntry.None;

    /// <summary>Tasks that wait for a failover decision.</summary>
    public ImmutableSortedSet<TaskId> Deciding { get; init; } = TaskIdSet.None;

    /// <summary>Workers with a batch of outcomes in flight.</summary>
    public ImmutableHashSet<WorkerId> WorkersWithBatch { get; init; } = [];

    /// <summary>Finished tasks, in the order in which they finished.</summary>
    public ImmutableQueue<TaskId> Finished { get; init; } = ImmutableQueue<TaskId>.Empty;

    public int FinishedCount { get; init; }

    /// <summary>The bytes of finished tasks, as <see cref="TaskRecord.Size"/> counts them.</summary>
    public long FinishedSize { get; init; }

    /// <summary>The bytes of all tasks, as <see cref="TaskRecord.Size"/> counts them.</summary>
    public long Size { get; init; }

    /// <summary>Tasks that have not finished.</summary>
    public int UnfinishedCount => Tasks.Count - FinishedCount;

    /// <summary>When the next delay, pin, lease or protection ends.</summary>
    public DateTimeOffset? NextDue
    {
        get
        {
            DateTimeOffset? due = Due.IsEmpty ? null : Due.Min.At;
            DateTimeOffset? leaseEnd = LeaseEnds.IsEmpty ? null : LeaseEnds.Min.At;
            return due is null || leaseEnd < due ? leaseEnd : due;
        }
    }

    public WorkerShare ShareOf(WorkerId worker) => Workers.GetValueOrDefault(worker, WorkerShare.Empty);
}
