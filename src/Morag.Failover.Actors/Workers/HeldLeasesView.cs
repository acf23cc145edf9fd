using Morag.Failover.Actors.Metrics;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The leases that a worker holds, as its entity believes: collected from grants and outcomes, and requested from a partition after a
/// restart of the entity and whenever the partition's digest differs. The queues own the leases; this view saves requests to them.
/// </summary>
internal sealed class HeldLeasesView(int partitions)
{
    /// <summary>How long the worker may at least take to receive a response with leases.</summary>
    private static readonly TimeSpan LeastDeliveryTime = TimeSpan.FromSeconds(10);

    private readonly Dictionary<TaskId, Held> leases = [];
    private readonly Dictionary<int, Query> queries = [];
    private readonly HashSet<int> unknown = [.. Enumerable.Range(0, partitions)];
    private long lastQuery;
    private ImmutableArray<HeldLease>? shown;

    /// <summary>The number of held leases.</summary>
    public int Count => leases.Count;

    /// <summary>Whether every partition has replied since the entity started.</summary>
    public bool IsKnown => unknown.Count == 0;

    /// <summary>The partitions whose reply is awaited.</summary>
    public IReadOnlyCollection<int> Awaited => queries.Keys;

    /// <summary>How many leases ended that a reply which is awaited may still list.</summary>
    public int EndedCount => queries.Values.Sum(query => query.Ended.Count);

    /// <summary>When all partitions were last queried.</summary>
    public DateTimeOffset? AskedAt { get; private set; }

    /// <summary>The leases for heartbeat replies, built once per change.</summary>
    public ImmutableArray<HeldLease> Shown => shown ??= [.. leases.Values.Select(held => held.Lease)];

    /// <summary>
    /// The leases for the reply to a heartbeat. Until a partition has replied for the first time, nobody knows that the worker does not
    /// hold what it lists. Such leases are repeated without their details, or the worker would stop its work on them.
    /// </summary>
    public ImmutableArray<HeldLease> ShownTo(ImmutableArray<HeldByWorker> said) => IsKnown
        ? Shown
        :
        [
            .. Shown,
            .. said.Where(lease => unknown.Contains(PartitionOf(lease.TaskId)) && !leases.ContainsKey(lease.TaskId))
                .Select(lease => new HeldLease { TaskId = lease.TaskId, Epoch = lease.Epoch, Queue = new("unknown") }),
        ];

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
    public void MarkEmpty() => unknown.Clear();

    /// <summary>Starts a query of all partitions. A query that is under way goes on.</summary>
    public void StartQuery(DateTimeOffset now)
    {
        AskedAt = now;
        for (var partition = 0; partition < partitions; partition++)
        {
            StartQuery(partition, now);
        }
    }

    /// <summary>Starts a query of a partition. A query that is under way goes on.</summary>
    public void StartQuery(int partition, DateTimeOffset now)
    {
        if (!queries.ContainsKey(partition))
        {
            queries[partition] = new Query(++lastQuery, now);
        }
    }

    /// <summary>The number of the query of a partition, for its reply; 0 if none is under way.</summary>
    public long NumberOf(int partition) => queries.GetValueOrDefault(partition)?.Number ?? 0;

    /// <summary>Whether a partition's digest contradicts the view. While a query is under way, its reply decides.</summary>
    public bool Contradicts(int partition, long digest) =>
        IsKnown
        && !queries.ContainsKey(partition)
        && LeaseDigest.Of(
            from held in leases.Values
            where held.Partition == partition
            select (held.Lease.Epoch, held.Lease.Deadline ?? default)) != digest;

    /// <summary>
    /// Merges the reply of a partition. The reply to an earlier query is ignored: it may lack leases that were granted since.
    /// </summary>
    /// <param name="answer">The reply.</param>
    /// <param name="now">
    /// The current time of the entity. The clock of the partition's node may differ, so no time in the reply is compared.
    /// </param>
    /// <param name="onMoved">Called with each lease whose deadline has moved.</param>
    /// <returns>Whether the reply belongs to the query that is under way.</returns>
    public bool OnAnswer(HeldLeases answer, DateTimeOffset now, Action<HeldLease>? onMoved = null)
    {
        if (!queries.TryGetValue(answer.Partition, out var query) || (answer.Number != 0 && answer.Number != query.Number))
        {
            return false;
        }

        shown = null;
        queries.Remove(answer.Partition);
        var before = leases.Values.Where(held => held.Partition == answer.Partition && held.AddedAt <= query.AskedAt).ToList();
        var listed = answer.Leases.Select(lease => (lease.TaskId, lease.Epoch)).ToHashSet();
        foreach (var gone in before.Where(held => !listed.Contains((held.Lease.TaskId, held.Lease.Epoch))))
        {
            leases.Remove(gone.Lease.TaskId);
        }

        // In its first reply, a partition lists what earlier runs of the entity delivered. After that, every lease passes through here.
        var isDelivered = unknown.Remove(answer.Partition);
        foreach (var lease in answer.Leases)
        {
            var known = leases.GetValueOrDefault(lease.TaskId);
            if (known?.Lease.Epoch == lease.Epoch)
            {
                MoveDeadline(known, lease, query, onMoved);
            }
            else if (!query.Ended.Contains((lease.TaskId, lease.Epoch)) && !(known?.Lease.Epoch > lease.Epoch))
            {
                leases[lease.TaskId] = new Held(lease, answer.Partition, query.AskedAt)
                {
                    IsDelivered = isDelivered,
                    IsPickedUp = true,
                    SentAt = now,
                };
            }
        }

        return true;
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
        leases[task.TaskId] = new Held(lease, partition, now) { IsDelivered = true, Deliveries = 1, SentAt = now };
    }

    /// <summary>Records that a lease was extended. Returns whether it is held and its deadline has moved.</summary>
    public bool Extend(TaskId task, LeaseEpoch epoch, DateTimeOffset deadline, DateTimeOffset now)
    {
        if (!leases.TryGetValue(task, out var held) || held.Lease.Epoch != epoch || held.Lease.Deadline >= deadline)
        {
            return false;
        }

        shown = null;
        held.Lease = held.Lease with { Deadline = deadline };
        held.ExtendedAt = now;
        return true;
    }

    /// <summary>Records that a held lease was delivered to the worker.</summary>
    public void MarkDelivered(TaskId task, DateTimeOffset now)
    {
        if (leases.TryGetValue(task, out var held))
        {
            held.IsDelivered = true;
            held.Deliveries++;
            held.SentAt = now;
            held.Missed = 0;
        }
    }

    /// <summary>
    /// Records that a delivery of a lease failed. Returns whether the lease should be given back: it is held, as far as is known, and the
    /// entity has not delivered it in any other way.
    /// </summary>
    public bool WithdrawDelivery(TaskId task, LeaseEpoch epoch) => Holds(task, epoch) ? --leases[task].Deliveries <= 0 : !IsKnown;

    /// <summary>Removes a lease that ended.</summary>
    public void Remove(TaskId task, LeaseEpoch epoch)
    {
        var partition = leases.TryGetValue(task, out var held) ? held.Partition : PartitionOf(task);
        if (queries.TryGetValue(partition, out var query))
        {
            query.Ended.Add((task, epoch));
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
        foreach (var held in leases.Values)
        {
            if (queries.TryGetValue(held.Partition, out var query))
            {
                query.Ended.Add((held.Lease.TaskId, held.Lease.Epoch));
            }
        }

        shown = null;
        leases.Clear();
    }

    /// <summary>
    /// Compares the view with a worker's heartbeat and returns the leases that two heartbeats did not list: they never reached the worker.
    /// Checks only the partitions that <paramref name="judge"/> accepts. Heartbeats that arrive within <paramref name="interval"/>, the
    /// time between two heartbeats, count as one: they waited somewhere, for example at a node that was frozen, and may all be older than
    /// the lease. A lease is not returned for two intervals, or at least ten seconds, after it was sent: over a slow connection, the worker
    /// may still be receiving the response.
    /// </summary>
    public List<HeldLease>? FindUndelivered(
        ImmutableArray<HeldByWorker> said, Func<int, bool> judge, TimeSpan interval, DateTimeOffset now)
    {
        List<HeldLease>? missing = null;
        var deliveryTime = interval * 2 > LeastDeliveryTime ? interval * 2 : LeastDeliveryTime;
        foreach (var held in leases.Values)
        {
            if (Find(said, held.Lease) is { } saidOfIt)
            {
                held.Missed = 0;
                held.IsDelivered = true;
                if (!held.IsPickedUp)
                {
                    held.IsPickedUp = true;
                    FleetMetrics.OnPickedUp(now - held.AddedAt);
                }

                if (saidOfIt.Progress is { } progress && !progress.Equals(held.Progress))
                {
                    held.Progress = progress;
                    held.ProgressAt = now;
                }
            }
            else if (judge(held.Partition) && (held.Missed == 0 || Since(held.MissedAt) >= interval))
            {
                held.MissedAt = now;
                if (++held.Missed >= 2 && Since(held.SentAt) >= deliveryTime)
                {
                    held.Missed = 0;
                    (missing ??= []).Add(held.Lease);
                }
            }
        }

        return missing;

        // The clock may have been set back since, and the wait would last until it has caught up.
        TimeSpan Since(DateTimeOffset time) => (now - time).Duration();
    }

    /// <summary>
    /// Returns the leases of a partition that the entity did not deliver to the worker, for workers whose heartbeats do not list them. A
    /// lease is returned at the second check, because its grant may still arrive after the first one.
    /// </summary>
    public List<HeldLease>? FindUndelivered(int partition)
    {
        List<HeldLease>? missing = null;
        foreach (var held in leases.Values)
        {
            if (held.Partition == partition && !held.IsDelivered && ++held.Missed >= 2)
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

    /// <summary>Records the deadline that a partition gives for a held lease. It may have sent the reply before an extension.</summary>
    private static void MoveDeadline(Held held, HeldLease listed, Query query, Action<HeldLease>? onMoved)
    {
        var mayBeOld = held.ExtendedAt >= query.AskedAt;
        if (held.Lease.Deadline != listed.Deadline && !(mayBeOld && listed.Deadline < held.Lease.Deadline))
        {
            held.Lease = held.Lease with { Deadline = listed.Deadline };
            onMoved?.Invoke(held.Lease);
        }
    }

    /// <summary>A question to a partition that is not answered yet.</summary>
    private sealed class Query(long number, DateTimeOffset askedAt)
    {
        public long Number { get; } = number;

        public DateTimeOffset AskedAt { get; } = askedAt;

        /// <summary>Leases that ended since: the reply may have been sent before the end.</summary>
        public HashSet<(TaskId Task, LeaseEpoch Epoch)> Ended { get; } = [];
    }

    private sealed class Held(HeldLease lease, int partition, DateTimeOffset addedAt)
    {
        public HeldLease Lease { get; set; } = lease;

        public int Partition { get; } = partition;

        public DateTimeOffset AddedAt { get; } = addedAt;

        /// <summary>When the entity last learned of an extension.</summary>
        public DateTimeOffset? ExtendedAt { get; set; }

        /// <summary>Whether the lease left the entity for the worker, as far as the entity knows.</summary>
        public bool IsDelivered { get; set; }

        /// <summary>Whether a heartbeat has listed the lease, or nobody knows when its grant reached the entity.</summary>
        public bool IsPickedUp { get; set; }

        /// <summary>How many deliveries by this run of the entity have not failed.</summary>
        public int Deliveries { get; set; }

        /// <summary>When the lease left the entity for the worker, or when the entity learned of it.</summary>
        public DateTimeOffset SentAt { get; set; }

        /// <summary>How many checks in a row found that the worker may not know the lease.</summary>
        public int Missed { get; set; }

        /// <summary>When a heartbeat last counted as one that does not list the lease.</summary>
        public DateTimeOffset MissedAt { get; set; }

        public double? Progress { get; set; }

        public DateTimeOffset ProgressAt { get; set; }
    }
}
