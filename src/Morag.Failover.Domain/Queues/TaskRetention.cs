using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Forgets finished tasks beyond limits of number, bytes and age.</summary>
public static class TaskRetention
{
    /// <summary>
    /// Decides how many tasks to forget, at most <paramref name="most"/> in one event; null if none. Waits until <paramref name="slack"/>
    /// tasks are over the limit, so that one event forgets many.
    /// </summary>
    public static TasksForgotten? Decide(QueueState state, QueueSettings settings, int slack, int most, DateTimeOffset now)
    {
        if (state.Finished.IsEmpty
            || (state.FinishedCount <= settings.FinishedKept + slack
                && state.FinishedSize <= settings.FinishedBytesKept
                && state.Tasks[state.Finished.Peek()].FinishedAt + settings.FinishedKeptFor > now))
        {
            return null;
        }

        var count = 0;
        var size = state.FinishedSize;
        foreach (var id in state.Finished)
        {
            var task = state.Tasks[id];
            if (count == most
                || (state.FinishedCount - count <= settings.FinishedKept
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

    /// <summary>How far the number of finished tasks may exceed its limit before one event forgets many of them.</summary>
    public static int SlackOf(QueueSettings settings, int most) => Math.Min(most / 2, settings.FinishedKept / 10);

    /// <summary>Forgets the tasks that finished first.</summary>
    public static QueueState Apply(QueueState state, TasksForgotten @event)
    {
        var edit = new QueueEdit(state);
        edit.ForgetFinished(@event.Count);
        return edit.ToState();
    }
}

/// <summary>Finished tasks were forgotten. The counters keep them.</summary>
[ProtoContract(Name = "queue.tasks-forgotten")]
public sealed record TasksForgotten : IStoredEvent
{
    /// <summary>How many tasks, starting with the one that finished first.</summary>
    [ProtoMember(1)] public required int Count { get; init; }
}
