using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// Leases on their way back to the queues, told again until the queues answer. A crash forgets them; the leases are then seen held,
/// and their absence from the worker's heartbeats gives them back.
/// </summary>
internal sealed class LeaseReturns
{
    private readonly Dictionary<(TaskId Task, LeaseEpoch Epoch), string> pending = [];

    /// <summary>Whether any are on their way.</summary>
    public bool Any => pending.Count > 0;

    /// <summary>Gives a lease back.</summary>
    public void Add(TaskId task, LeaseEpoch epoch, string reason) => pending[(task, epoch)] = reason;

    /// <summary>The queue answered, or the lease ended.</summary>
    public void Remove(TaskId task, LeaseEpoch epoch) => pending.Remove((task, epoch));

    /// <summary>What has to be told, by partition and reason.</summary>
    public IEnumerable<ReleaseLeases> Messages(WorkerId worker, Func<TaskId, int> partitionOf) =>
        from lease in pending
        group lease by (Partition: partitionOf(lease.Key.Task), Reason: lease.Value) into together
        from chunk in together.Chunk(CallLimits.MaxEntries)
        select new ReleaseLeases
        {
            Partition = together.Key.Partition,
            WorkerId = worker,
            Reason = together.Key.Reason,
            Leases = [.. chunk.Select(lease => new LeaseRef { TaskId = lease.Key.Task, Epoch = lease.Key.Epoch })],
        };
}
