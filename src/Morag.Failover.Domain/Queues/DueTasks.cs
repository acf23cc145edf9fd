using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Ends retry delays that are over and pins that have expired.</summary>
public static class DueTasks
{
    /// <summary>Returns the tasks that are due, at most <paramref name="most"/> in one event; null if none is.</summary>
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

    /// <summary>
    /// Asks the workers of pinned tasks whether they can still run them: a worker may have left since the retry was decided.
    /// </summary>
    public static IEnumerable<PinsDue> PinsOf(QueueState after, TasksCameDue @event, int partition) =>
        from id in @event.Tasks
        where after.Tasks[id].PinnedTo is not null
        group id by after.Tasks[id].PinnedTo!.Value into pinned
        select new PinsDue { WorkerId = pinned.Key, Partition = partition, Pins = [.. pinned.Select(id => Pinned(after.Tasks[id]))] };

    /// <summary>Unpins the tasks that still wait for a worker that cannot run them; null if there are none.</summary>
    public static PinsEnded? Decide(QueueState state, PinsRefused refused, DateTimeOffset now)
    {
        ImmutableArray<RefusedPin> waiting =
        [
            .. refused.Pins.Where(pin =>
                state.Tasks.GetValueOrDefault(pin.TaskId) is { State: TaskState.Queued, PinnedTo: { } worker }
                && worker == refused.WorkerId),
        ];
        return waiting.IsEmpty ? null : new PinsEnded { At = now, WorkerId = refused.WorkerId, Pins = waiting };
    }

    /// <summary>Queues the delayed tasks and removes expired pins.</summary>
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
                : Unpinned(edit, task, @event.At, WhyPinExpired(state, task)));
        }

        return edit.ToState();
    }

    /// <summary>Removes the pins that a worker refused.</summary>
    public static QueueState Apply(QueueState state, PinsEnded @event)
    {
        var edit = new QueueEdit(state);
        foreach (var pin in @event.Pins)
        {
            edit.Put(Unpinned(edit, edit.Get(pin.TaskId), @event.At, pin.Because));
        }

        return edit.ToState();
    }

    private static string WhyPinExpired(QueueState state, TaskRecord task) => state.Controls.PauseOf(task.Queue) is null
        ? $"{task.PinnedTo} did not lease it before the pin expired"
        : "the pin expired while the queue was paused";

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

/// <summary>Retry delays ended, or pins expired.</summary>
[ProtoContract(Name = "queue.tasks-came-due")]
public sealed record TasksCameDue : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public ImmutableArray<TaskId> Tasks { get; init; } = [];

    /// <summary>When the pins of the tasks that have just come due expire.</summary>
    [ProtoMember(3)] public required DateTimeOffset PinnedUntil { get; init; }
}

/// <summary>A worker cannot run tasks that are pinned to it, so the pins ended.</summary>
[ProtoContract(Name = "queue.pins-ended")]
public sealed record PinsEnded : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The tasks, each with the reason why its pin ended.</summary>
    [ProtoMember(3)] public ImmutableArray<RefusedPin> Pins { get; init; } = [];
}
