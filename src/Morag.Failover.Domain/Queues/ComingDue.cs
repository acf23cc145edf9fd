using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Delays that are over, and pins that lapse.</summary>
public static class ComingDue
{
    /// <summary>The tasks that are due by now, at most <paramref name="most"/> for one event; null where there are none.</summary>
    public static TasksCameDue? Decide(QueueState state, QueueSettings settings, int most, DateTimeOffset now)
    {
        var due = ImmutableArray.CreateBuilder<TaskId>();
        foreach (var task in state.Due)
        {
            if (task.At > now || due.Count == most)
            {
                break;
            }

            due.Add(task.TaskId);
        }

        return due.Count == 0 ? null : new TasksCameDue { At = now, Tasks = due.DrainToImmutable(), PinnedUntil = now + settings.PinLapse };
    }

    /// <summary>What the workers are to be asked whose pinned tasks came due: one may be gone since it was decided that it retries.</summary>
    public static IEnumerable<PinsDue> PinsOf(QueueState after, TasksCameDue @event, int partition) =>
        from id in @event.Tasks
        where after.Tasks[id].PinnedTo is not null
        group id by after.Tasks[id].PinnedTo!.Value into pinned
        select new PinsDue { WorkerId = pinned.Key, Partition = partition, Tasks = [.. pinned] };

    /// <summary>The pins lapse of those tasks that still wait for the worker which may not take them; null where none does.</summary>
    public static TasksCameDue? Decide(QueueState state, PinsRefused refused, DateTimeOffset now)
    {
        ImmutableArray<TaskId> waiting =
        [
            .. refused.Tasks.Where(id => state.Tasks.GetValueOrDefault(id) is { State: TaskState.Queued, PinnedTo: { } worker } && worker == refused.WorkerId),
        ];
        return waiting.IsEmpty ? null : new TasksCameDue { At = now, Tasks = waiting, PinnedUntil = now };
    }

    /// <summary>The state with the delayed tasks queued, and lapsed pins gone.</summary>
    public static QueueState Apply(QueueState state, TasksCameDue @event)
    {
        var edit = new QueueEdit(state);
        foreach (var id in @event.Tasks)
        {
            var task = edit.Get(id);
            edit.Put(task.State == TaskState.Delayed
                ? task with
                {
                    State = TaskState.Queued,
                    NotBefore = null,
                    QueuedSince = @event.At,
                    PinnedUntil = task.PinnedTo is null ? null : @event.PinnedUntil,
                }
                : task with { PinnedTo = null, PinnedUntil = null });
        }

        return edit.Done();
    }
}
