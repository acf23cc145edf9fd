using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Delays that are over, and pins that lapse.</summary>
public static class DueTasks
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
        select new PinsDue { WorkerId = pinned.Key, Partition = partition, Pins = [.. pinned.Select(id => Pinned(after.Tasks[id]))] };

    /// <summary>Ends the pins of tasks that still wait for a worker that may not take them; null if there are no such tasks.</summary>
    public static PinsEnded? Decide(QueueState state, PinsRefused refused, DateTimeOffset now)
    {
        ImmutableArray<RefusedPin> waiting =
        [
            .. refused.Pins.Where(pin => state.Tasks.GetValueOrDefault(pin.TaskId) is { State: TaskState.Queued, PinnedTo: { } worker } && worker == refused.WorkerId),
        ];
        return waiting.IsEmpty ? null : new PinsEnded { At = now, WorkerId = refused.WorkerId, Pins = waiting };
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
                : Unpinned(edit, task, @event.At, $"{task.PinnedTo} did not take it within the pin's time"));
        }

        return edit.Done();
    }

    /// <summary>The state without the pins that a worker refused.</summary>
    public static QueueState Apply(QueueState state, PinsEnded @event)
    {
        var edit = new QueueEdit(state);
        foreach (var pin in @event.Pins)
        {
            edit.Put(Unpinned(edit, edit.Get(pin.TaskId), @event.At, pin.Because));
        }

        return edit.Done();
    }

    private static TaskRecord Unpinned(QueueEdit edit, TaskRecord task, DateTimeOffset at, string because) => task with
    {
        PinnedTo = null,
        PinnedUntil = null,
        History = task.History.With(edit.HistoryKept, at, TaskHistory.PinEnded, task.PinnedTo, detail: because),
    };

    private static PinnedTask Pinned(TaskRecord task) => new()
    {
        TaskId = task.TaskId,
        Queue = task.Queue,
        ContentType = task.Submission.ContentType,
        ResourceRequirements = task.Submission.ResourceRequirements,
    };
}
