using System.Collections.Concurrent;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Samples.Worker;

/// <summary>The tasks in progress. Each has a token that is cancelled when the node takes its lease away.</summary>
internal sealed class HeldTasks
{
    private readonly ConcurrentDictionary<LeasedTask, CancellationTokenSource> held = new();

    public LeasedTask[] All => [.. held.Keys];

    /// <summary>Adds a task; the token ends with its lease, or when the worker stops.</summary>
    public CancellationToken Add(LeasedTask task, CancellationToken stopping)
    {
        var lease = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        held[task] = lease;
        return lease.Token;
    }

    public void Remove(LeasedTask task)
    {
        if (held.TryRemove(task, out var lease))
        {
            lease.Dispose();
        }
    }

    /// <summary>
    /// Cancels every task that was listed in a heartbeat and that the node no longer counts as this worker's, for example because the
    /// lease timed out or an operator cancelled the task. A lease that arrived after the heartbeat was sent is left alone.
    /// </summary>
    public void CancelRevoked(IEnumerable<LeasedTask> listed, HeartbeatReply reply)
    {
        foreach (var task in listed.Where(task => !reply.Leases.Any(lease => lease.TaskId == task.TaskId && lease.Epoch == task.Epoch)))
        {
            if (held.TryGetValue(task, out var lease))
            {
                lease.Cancel();
            }
        }
    }
}
