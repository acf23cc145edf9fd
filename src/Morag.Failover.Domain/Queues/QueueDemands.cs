using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>How much work the queues have, for those who add and remove workers.</summary>
public static class QueueDemands
{
    /// <summary>The work of every configured queue.</summary>
    public static QueueDemandReply Of(QueueState state, TimeSpan within, QueueSettings settings, DateTimeOffset now)
    {
        var comingDue = ComingDue(state, now + within);
        var oldest = OldestTasks.Of(state);
        return new QueueDemandReply
        {
            Queues =
            [
                .. from queue in settings.Definitions
                   let counters = state.Counters.GetValueOrDefault(queue.Name, QueueCounters.Zero)
                   select new QueueDemand
                   {
                       Queue = queue.Name,
                       Queued = counters.Queued,
                       Leased = counters.Leased,
                       ComingDue = comingDue.GetValueOrDefault(queue.Name),
                       Deciding = counters.Deciding,
                       Paused = state.Controls.PauseOf(queue.Name) is not null,
                       OldestSince = oldest.TryGetValue(queue.Name, out var since) ? since : null,
                   },
            ],
        };
    }

    /// <summary>Those of the workers that hold leases here.</summary>
    public static LeaseHolders HoldersOf(QueueState state, GetLeaseHolders query) =>
        new() { Workers = [.. query.Workers.Where(worker => !state.ShareOf(worker).Held.IsEmpty)] };

    private static Dictionary<QueueName, int> ComingDue(QueueState state, DateTimeOffset until)
    {
        var counts = new Dictionary<QueueName, int>();
        foreach (var due in state.Due)
        {
            if (due.At > until)
            {
                break;
            }

            // Pins are in the same index, and their tasks are queued.
            if (state.Tasks[due.TaskId] is { State: TaskState.Delayed } task)
            {
                counts[task.Queue] = counts.GetValueOrDefault(task.Queue) + 1;
            }
        }

        return counts;
    }
}
