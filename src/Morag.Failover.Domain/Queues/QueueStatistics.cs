using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Counts the tasks of each queue, and the workers that serve it.</summary>
public static class QueueStatistics
{
    public static QueueStatsReply Of(QueueState state, FleetView fleet, bool fleetIsKnown, QueueSettings settings) => new()
    {
        Queues = [.. settings.Definitions.Select(queue => Of(state, queue, fleet, fleetIsKnown))],
        Undefined = Undefined(state, settings),
    };

    /// <summary>Queues that are not configured but hold unfinished tasks, by name. No worker gets these tasks.</summary>
    public static ImmutableArray<UndefinedQueue> Undefined(QueueState state, QueueSettings settings) =>
    [
        .. from queue in state.Counters
           let left = queue.Value.Unfinished
           where left > 0 && settings.Find(queue.Key) is null
           orderby queue.Key.Value
           select new UndefinedQueue { Queue = queue.Key, UnfinishedTasks = left },
    ];

    private static QueueStats Of(QueueState state, QueueDefinition queue, FleetView fleet, bool fleetIsKnown)
    {
        var counters = state.Counters.GetValueOrDefault(queue.Name, QueueCounters.Zero);
        var unmet = fleetIsKnown ? UnmetNeeds.Of(state, queue, fleet) : [];
        var pending = counters.Queued + counters.Delayed + counters.Deciding;
        return new QueueStats
        {
            QueueType = queue.Name,
            TotalTasks = pending + counters.Leased + counters.Parked + counters.Completed + counters.Cancelled,
            PendingTasks = pending,
            ProcessingTasks = counters.Leased,
            CompletedTasks = counters.Completed,
            FailedTasks = counters.Parked + counters.Cancelled,
            AverageWaitTime = MeanMinutes(counters.Waited, counters.FirstLeases),
            AverageProcessingTime = MeanMinutes(counters.Processed, counters.Completed),
            WorkerCount = fleet.LiveServing(queue),
            Unserved = !unmet.IsEmpty,
            UnmetNeeds = unmet,
            ParkedTasks = counters.Parked,
            Pause = state.Controls.PauseOf(queue.Name),
        };
    }

    private static double MeanMinutes(TimeSpan sum, long count) => count == 0 ? 0 : sum.TotalMinutes / count;
}
