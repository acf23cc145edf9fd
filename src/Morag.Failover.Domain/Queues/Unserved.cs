using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Tasks that nobody can take: they move to the next queue that is served, by a decision; where none is, they wait.</summary>
public static class Unserved
{
    /// <summary>Whether no live worker can take the tasks of a lane.</summary>
    public static bool Is(Lane lane, FleetView fleet, QueueSettings settings) =>
        settings.Find(lane.Queue) is { } queue && !fleet.AnyLive(queue, lane.ContentType, lane.Needs);

    /// <summary>
    /// The tasks of a lane that nobody serves since <paramref name="since"/> whose move is to be decided; null where none waited long
    /// enough, or where nobody serves a later queue either.
    /// </summary>
    public static TasksWentUnserved? Decide(
        QueueState state, Lane lane, DateTimeOffset since, FleetView fleet, QueueSettings settings, int most, DateTimeOffset now)
    {
        if (since + settings.UnservedAfter > now
            || !state.Ready.TryGetValue(lane, out var waiting)
            || !settings.ChainAfter(lane.Queue).Any(queue => fleet.AnyLive(queue, lane.ContentType, lane.Needs)))
        {
            return null;
        }

        var epoch = state.LastEpoch;
        var tasks = ImmutableArray.CreateBuilder<EndedLease>();
        foreach (var ready in waiting)
        {
            if (tasks.Count == most)
            {
                break;
            }

            var task = state.Tasks[ready.TaskId];
            if (task.QueuedSince + settings.UnservedAfter > now)
            {
                continue;
            }

            epoch = epoch.Next();
            tasks.Add(new EndedLease
            {
                TaskId = task.TaskId,
                Failure = new PendingFailure
                {
                    Epoch = epoch,
                    FailureType = FailureType.WorkerOffline,
                    OccurredAt = now,
                    ErrorMessage = $"no live worker can take it from {lane.Queue}",
                    Unserved = true,
                },
            });
        }

        return tasks.Count == 0 ? null : new TasksWentUnserved { At = now, Tasks = tasks.DrainToImmutable() };
    }

    /// <summary>The state with the tasks deciding.</summary>
    public static QueueState Apply(QueueState state, TasksWentUnserved @event)
    {
        var edit = new QueueEdit(state);
        foreach (var unserved in @event.Tasks)
        {
            edit.LastEpoch = unserved.Failure.Epoch;
            edit.Put(edit.Get(unserved.TaskId) with { State = TaskState.Deciding, Pending = unserved.Failure });
        }

        return edit.Done();
    }
}
