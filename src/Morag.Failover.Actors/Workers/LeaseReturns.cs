using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// The leases that the worker gives back and that their queue partition has not confirmed yet. Not stored: after a crash the leases are
/// reported as held, the worker's heartbeats do not list them, and so they are given back again.
/// </summary>
internal sealed class LeaseReturns(int partitions)
{
    private readonly Dictionary<(TaskId Task, LeaseEpoch Epoch), string>[] pending =
        [.. Enumerable.Range(0, partitions).Select(_ => new Dictionary<(TaskId Task, LeaseEpoch Epoch), string>())];

    /// <summary>Whether any return is unconfirmed.</summary>
    public bool Any => Array.Exists(pending, leases => leases.Count > 0);

    /// <summary>Whether a partition has not confirmed a return.</summary>
    public bool AnyAt(int partition) => pending[partition].Count > 0;

    /// <summary>Whether a lease is being given back.</summary>
    public bool Contains(int partition, TaskId task, LeaseEpoch epoch) => pending[partition].ContainsKey((task, epoch));

    /// <summary>Adds a lease to give back to a partition.</summary>
    public void Add(int partition, TaskId task, LeaseEpoch epoch, string reason) => pending[partition][(task, epoch)] = reason;

    /// <summary>Removes a lease, because the partition confirmed its return or the lease has ended.</summary>
    public void Remove(int partition, TaskId task, LeaseEpoch epoch) => pending[partition].Remove((task, epoch));

    /// <summary>The messages that give back everything a partition has not confirmed.</summary>
    public IEnumerable<ReleaseLeases> Messages(int partition, WorkerId worker) =>
        from lease in pending[partition]
        group lease by lease.Value into sameReason
        from chunk in sameReason.Chunk(CallLimits.MaxEntries)
        select new ReleaseLeases
        {
            Partition = partition,
            WorkerId = worker,
            Reason = sameReason.Key,
            Leases = [.. chunk.Select(lease => new LeaseRef { TaskId = lease.Key.Task, Epoch = lease.Key.Epoch })],
        };
}
