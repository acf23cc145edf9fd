using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The leases that a worker holds, as its entity believes: collected from grants and outcomes, and requested from every partition after a
/// restart. The queues own the leases; this view saves requests to them.
/// </summary>
internal sealed class HeldLeasesView(int partitions)
{
    private readonly Dictionary<TaskId, Held> leases = [];

    /// <summary>Leases that ended while the partitions were being queried: a reply may have been sent before the end.</summary>
    private readonly HashSet<(TaskId, LeaseEpoch)> endedMeanwhile = [];

    private readonly HashSet<int> awaited = [];
    private DateTimeOffset? askedAt;
    private ImmutableArray<HeldLease>? shown;

    /// <summary>The number of held leases.</summary>
    public int Count => leases.Count;

    /// <summary>Whether every partition has replied since the entity started.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>The partitions that have not replied yet.</summary>
    public IReadOnlyCollection<int> Awaited => awaited;

    /// <summary>When the partitions were last queried.</summary>
    public DateTimeOffset? AskedAt => askedAt;

    /// <summary>The leases for heartbeat replies, built once per change.</summary>
    public ImmutableArray<HeldLease> Shown => shown ??= [.. leases.Values.Select(held => held.Lease)];

    /// <summary>Whether any lease with reported progress has made none since a time.</summary>
    public bool AnyStuckSince(DateTimeOffset time) =>
        leases.Values.Any(held => held.Progress is not null && held.ProgressAt <= time);

    /// <summary>The number of leases from a queue in partitions other than the given one.</summary>
    public int CountElsewhere(QueueName queue, int partition)
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

    /// <summary>Whether the lease is held.</summary>
    public bool Holds(TaskId task, LeaseEpoch epoch) => leases.TryGetValue(task, out var held) && held.Lease.Epoch == epoch;

    /// <summary>Marks the view as complete, for a new worker, which holds nothing.</summary>
    public void MarkEmpty() => IsKnown = true;

    /// <summary>Starts a query of all partitions.</summary>
    public void StartQuery(DateTimeOffset now)
    {
        askedAt = now;
        endedMeanwhile.Clear();
        awaited.UnionWith(Enumerable.Range(0, partitions));
    }

    /// <summary>Merges the reply of a partition.</summary>
    public void OnAnswer(HeldLeases answer)
    {
        if (!awaited.Remove(answer.Partition))
        {
            return;
        }

        shown = null;
        var before = leases.Values.Where(held => held.Partition == answer.Partition && held.AddedAt <= askedAt).ToList();
        var listed = answer.Leases.Select(lease => (lease.TaskId, lease.Epoch)).ToHashSet();
        foreach (var gone in before.Where(held => !listed.Contains((held.Lease.TaskId, held.Lease.Epoch))))
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

    /// <summary>Adds a lease that was granted to the worker.</summary>
    public void Add(LeasedTask task, int partition, DateTimeOffset now)
    {
        shown = null;
        var lease = new HeldLease
        {
            TaskId = task.TaskId,
            Epoch = task.Epoch,
            Queue = task.Queue,
            GrantedAt = now,
            Deadline = task.Deadline,
        };
        leases[task.TaskId] = new Held(lease, partition, now);
    }

    /// <summary>Removes a lease that ended.</summary>
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

    /// <summary>Removes all leases, because a fence ends them.</summary>
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
    /// Compares the view with a worker's heartbeat and returns the leases that two heartbeats did not list: they never reached the worker.
    /// Checks only the partitions that <paramref name="judge"/> accepts.
    /// </summary>
    public List<HeldLease>? FindUndelivered(ImmutableArray<HeldByWorker> said, Func<int, bool> judge, DateTimeOffset now)
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
