using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// What a worker holds, as its entity believes: put together from grants and outcomes, and asked anew from every partition after a
/// restart. The queues own the truth; this view only spares asking them.
/// </summary>
internal sealed class HeldLeasesView(int partitions)
{
    private readonly Dictionary<TaskId, Held> leases = [];

    /// <summary>Leases that ended while the partitions were being asked: an answer may have been on its way before the end.</summary>
    private readonly HashSet<(TaskId, LeaseEpoch)> endedMeanwhile = [];

    private readonly HashSet<int> awaited = [];
    private DateTimeOffset? askedAt;
    private ImmutableArray<HeldLease>? shown;

    /// <summary>How many are held.</summary>
    public int Count => leases.Count;

    /// <summary>Whether every partition has answered since the entity started.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The partitions that have not answered yet.</summary>
    public IReadOnlyCollection<int> Awaited => awaited;

    /// <summary>When the partitions were last asked.</summary>
    public DateTimeOffset? AskedAt => askedAt;

    /// <summary>The leases, for heartbeats' answers; built once for each change.</summary>
    public ImmutableArray<HeldLease> Shown => shown ??= [.. leases.Values.Select(held => held.Lease)];

    /// <summary>The leases with a progress that the worker tells and that has not moved since a time.</summary>
    public bool AnyStuckSince(DateTimeOffset time) =>
        leases.Values.Any(held => held.Progress is not null && held.ProgressAt <= time);

    /// <summary>How many are held of a queue in other partitions than one.</summary>
    public int HeldElsewhere(QueueName queue, int partition)
    {
        var count = 0;
        if (partitions == 1)
        {
            return count;
        }

        foreach (var held in leases.Values)
        {
            if (held.Lease.Queue == queue && held.Partition != partition)
            {
                count++;
            }
        }

        return count;
    }

    /// <summary>Whether this lease is held.</summary>
    public bool Holds(TaskId task, LeaseEpoch epoch) => leases.TryGetValue(task, out var held) && held.Lease.Epoch == epoch;

    /// <summary>A worker that is new holds nothing.</summary>
    public void BeginEmpty() => IsKnown = true;

    /// <summary>All partitions are about to be asked.</summary>
    public void BeginAsking(DateTimeOffset now)
    {
        askedAt = now;
        endedMeanwhile.Clear();
        awaited.UnionWith(Enumerable.Range(0, partitions));
    }

    /// <summary>A partition answered.</summary>
    public void Take(HeldLeases answer)
    {
        if (!awaited.Remove(answer.Partition))
        {
            return;
        }

        shown = null;
        var before = leases.Values.Where(held => held.Partition == answer.Partition && held.AddedAt <= askedAt).ToList();
        foreach (var gone in before.Where(held => !answer.Leases.Any(lease => lease.TaskId == held.Lease.TaskId && lease.Epoch == held.Lease.Epoch)))
        {
            leases.Remove(gone.Lease.TaskId);
        }

        foreach (var lease in answer.Leases)
        {
            if (!endedMeanwhile.Contains((lease.TaskId, lease.Epoch)) && !IsNewerHeld(lease))
            {
                leases.TryAdd(lease.TaskId, new Held(lease, answer.Partition, askedAt ?? lease.GrantedAt));
            }
        }

        if (awaited.Count == 0)
        {
            IsKnown = true;
            endedMeanwhile.Clear();
        }
    }

    /// <summary>A lease was granted and handed on.</summary>
    public void Add(LeasedTask task, int partition, DateTimeOffset now)
    {
        shown = null;
        var lease = new HeldLease { TaskId = task.TaskId, Epoch = task.Epoch, Queue = task.Queue, GrantedAt = now, Deadline = task.Deadline };
        leases[task.TaskId] = new Held(lease, partition, now);
    }

    /// <summary>A lease ended.</summary>
    public void Remove(TaskId task, LeaseEpoch epoch)
    {
        if (awaited.Count > 0)
        {
            endedMeanwhile.Add((task, epoch));
        }

        if (Holds(task, epoch))
        {
            shown = null;
            leases.Remove(task);
        }
    }

    /// <summary>All leases end: a fence is on its way that ends them.</summary>
    public void Clear()
    {
        if (awaited.Count > 0)
        {
            endedMeanwhile.UnionWith(leases.Values.Select(held => (held.Lease.TaskId, held.Lease.Epoch)));
        }

        shown = null;
        leases.Clear();
    }

    /// <summary>
    /// Compares with what the worker says that it holds, and gives the leases that were missing from two heartbeats: they never
    /// arrived. Only those of partitions that <paramref name="judge"/> lets through.
    /// </summary>
    public List<HeldLease>? NotArrived(ImmutableArray<HeldByWorker> said, Func<int, bool> judge, DateTimeOffset now)
    {
        List<HeldLease>? missing = null;
        foreach (var held in leases.Values)
        {
            if (Find(said, held.Lease) is { } saidOfIt)
            {
                held.Missed = 0;
                if (saidOfIt.Progress is { } progress && !progress.Equals(held.Progress))
                {
                    held.Progress = progress;
                    held.ProgressAt = now;
                }
            }
            else if (judge(held.Partition) && ++held.Missed >= 2)
            {
                held.Missed = 0;
                (missing ??= []).Add(held.Lease);
            }
        }

        return missing;
    }

    /// <summary>The partition of a task.</summary>
    public int PartitionOf(TaskId task) => Partition.Of(task, partitions);

    private static HeldByWorker? Find(ImmutableArray<HeldByWorker> said, HeldLease lease)
    {
        foreach (var held in said)
        {
            if (held.TaskId == lease.TaskId && held.Epoch == lease.Epoch)
            {
                return held;
            }
        }

        return null;
    }

    private bool IsNewerHeld(HeldLease lease) => leases.TryGetValue(lease.TaskId, out var held) && held.Lease.Epoch >= lease.Epoch;

    private sealed class Held(HeldLease lease, int partition, DateTimeOffset addedAt)
    {
        public HeldLease Lease { get; } = lease;

        public int Partition { get; } = partition;

        public DateTimeOffset AddedAt { get; } = addedAt;

        public int Missed { get; set; }

        public double? Progress { get; set; }

        public DateTimeOffset ProgressAt { get; set; }
    }
}
