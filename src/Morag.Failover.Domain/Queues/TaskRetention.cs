using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Ended tasks are remembered within limits of number, size and age.</summary>
public static class TaskRetention
{
    /// <summary>
    /// What is to be forgotten, at most <paramref name="most"/> for one event; null where the limits hold. Forgetting begins only when
    /// <paramref name="slack"/> tasks are over the limit, so that it is one event for many.
    /// </summary>
    public static TasksForgotten? Decide(QueueState state, QueueSettings settings, int slack, int most, DateTimeOffset now)
    {
        if (state.Ended.IsEmpty
            || (state.EndedCount <= settings.FinishedKept + slack
                && state.EndedSize <= settings.FinishedBytesKept
                && state.Tasks[state.Ended.Peek()].FinishedAt + settings.FinishedKeptFor > now))
        {
            return null;
        }

        var count = 0;
        var size = state.EndedSize;
        foreach (var id in state.Ended)
        {
            var task = state.Tasks[id];
            if (count == most
                || (state.EndedCount - count <= settings.FinishedKept
                    && size <= settings.FinishedBytesKept
                    && task.FinishedAt + settings.FinishedKeptFor > now))
            {
                break;
            }

            count++;
            size -= task.Size;
        }

        return count == 0 ? null : new TasksForgotten { Count = count };
    }

    /// <summary>The state without the tasks that ended first.</summary>
    public static QueueState Apply(QueueState state, TasksForgotten @event)
    {
        var edit = new QueueEdit(state);
        edit.ForgetEnded(@event.Count);
        return edit.Done();
    }
}
