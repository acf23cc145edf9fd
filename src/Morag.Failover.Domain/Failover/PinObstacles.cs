using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>Checks whether a worker can still take the tasks that are pinned to it, once their retry delay is over.</summary>
public static class PinObstacles
{
    /// <summary>The pinned tasks that the worker can no longer take, each with the reason; null when it can take all of them.</summary>
    public static PinsRefused? Answer(PinsDue due, WorkerStanding worker, QueueSettings settings)
    {
        ImmutableArray<RefusedPin> refused =
        [
            .. from pin in due.Pins
            let because = Obstacle(pin, worker, settings)
            where because is not null
            select new RefusedPin { TaskId = pin.TaskId, Because = $"{due.WorkerId}: {because}" },
        ];
        return refused.IsEmpty ? null : new PinsRefused { Partition = due.Partition, WorkerId = due.WorkerId, Pins = refused };
    }

    private static string? Obstacle(PinnedTask pin, WorkerStanding worker, QueueSettings settings) =>
        RetryObstacle.Of(worker)
        ?? (worker.Profile is { } profile && settings.Find(pin.Queue) is { } queue
            ? Eligibility.Obstacle(profile, queue, pin.ContentType, pin.ResourceRequirements) is { } lacks ? $"it {lacks}" : null
            : null);
}
