using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Queues;

/// <summary>Dropping what a queue partition keeps of a worker that has been gone for long.</summary>
public static class WorkerShareRetention
{
    /// <summary>Drops the share, unless something depends on it.</summary>
    public static Decision<WorkerShareDropped> Decide(QueueState state, DropWorkerShare command)
    {
        var reply = new WorkerShareDropped { WorkerId = command.WorkerId, Partition = command.Partition };
        if (!state.Workers.TryGetValue(command.WorkerId, out var share))
        {
            return new(null, reply);
        }

        var isNeeded = !share.Held.IsEmpty || share.Pinned.Count > 0 || !share.Avoiding.IsEmpty || share.Outbox.IsUnderWay;
        return isNeeded ? new(null, reply with { Kept = true }) : new(new WorkerShareForgotten { WorkerId = command.WorkerId }, reply);
    }

    /// <summary>The state without the share.</summary>
    public static QueueState Apply(QueueState state, WorkerShareForgotten @event) =>
        state with { Workers = state.Workers.Remove(@event.WorkerId), JustReady = [] };
}
