using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Queues;

/// <summary>Drops what a partition keeps about a worker that has been gone for long.</summary>
public static class WorkerShareRetention
{
    /// <summary>Drops the worker's share, unless something depends on it.</summary>
    public static Decision<WorkerShareDropped> Decide(QueueState state, DropWorkerShare command)
    {
        var reply = new WorkerShareDropped { WorkerId = command.WorkerId, Partition = command.Partition };
        if (!state.Workers.TryGetValue(command.WorkerId, out var share))
        {
            return new(null, reply);
        }

        var isNeeded = !share.Held.IsEmpty || share.Pinned.Count > 0 || !share.Avoiding.IsEmpty || share.Outbox.IsInFlight;
        return isNeeded ? new(null, reply with { Kept = true }) : new(new WorkerShareForgotten { WorkerId = command.WorkerId }, reply);
    }

    /// <summary>Removes the share.</summary>
    public static QueueState Apply(QueueState state, WorkerShareForgotten @event) =>
        state with { Workers = state.Workers.Remove(@event.WorkerId), JustReady = [] };
}

/// <summary>A partition dropped a worker's share, because the worker has been gone for long.</summary>
[ProtoContract(Name = "queue.worker-share-forgotten")]
public sealed record WorkerShareForgotten : IStoredEvent
{
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }
}
