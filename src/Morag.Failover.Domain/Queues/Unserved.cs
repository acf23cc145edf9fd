using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>The fleet as it was seen at a time.</summary>
public readonly record struct FleetSighting(DateTimeOffset At, FleetView Fleet);

/// <summary>Tasks that nobody can take: they move to the next queue that is served, by a decision; where none is, they wait.</summary>
public static class Unserved
{
    /// <summary>
    /// The tasks that no worker seen within their queue's time could take, while somebody serves a later queue for them; at most
    /// <paramref name="most"/>. Looks through whole classes of tasks at once, but may take long for many: not for an actor's own time.
    /// </summary>
    /// <param name="state">The queues.</param>
    /// <param name="seen">The fleet as it was seen since, oldest first.</param>
    /// <param name="settings">The queues' settings.</param>
    /// <param name="most">The most tasks to find.</param>
    /// <param name="now">The time.</param>
    public static List<TaskId> Overdue(QueueState state, IReadOnlyList<FleetSighting> seen, QueueSettings settings, int most, DateTimeOffset now)
    {
        var overdue = new List<TaskId>();
        foreach (var (kind, tasks) in state.Ready.Kinds)
        {
            if (settings.Find(kind.Queue) is not { } queue || seen.Count == 0 || seen[0].At + settings.UnservedAfter > now)
            {
                continue;
            }

            var served = OffersOf(seen, queue, kind);
            var later = OffersOf(seen.TakeLast(1), settings.ChainAfter(kind.Queue), kind);
            var unserved = tasks.Classes.SelectMany(@class => OnlyServedLater(@class, served, later));
            foreach (var task in unserved)
            {
                if (overdue.Count == most)
                {
                    return overdue;
                }

                if (state.Tasks[task.TaskId].QueuedSince + settings.UnservedAfter <= now)
                {
                    overdue.Add(task.TaskId);
                }
            }
        }

        return overdue;
    }

    /// <summary>Starts the moves of those tasks that still wait, that nobody can take, and that a later queue is served for; null if there are none.</summary>
    public static TasksWentUnserved? Decide(QueueState state, IEnumerable<TaskId> overdue, FleetView fleet, QueueSettings settings, DateTimeOffset now)
    {
        var epoch = state.LastEpoch;
        var tasks = ImmutableArray.CreateBuilder<EndedLease>();
        foreach (var id in overdue)
        {
            if (state.Tasks.GetValueOrDefault(id) is not { State: TaskState.Queued, PinnedTo: null } task
                || task.QueuedSince + settings.UnservedAfter > now
                || settings.Find(task.Queue) is not { } queue
                || IsServed(task, queue, fleet)
                || !settings.ChainAfter(task.Queue).Any(next => IsServed(task, next, fleet)))
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
                    ErrorMessage = $"no live worker can take it from {task.Queue}",
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

    private static bool IsServed(TaskRecord task, QueueDefinition queue, FleetView fleet) =>
        fleet.AnyLive(queue, task.Submission.ContentType, task.Submission.ResourceRequirements);

    private static FleetOffers OffersOf(IReadOnlyList<FleetSighting> seen, QueueDefinition queue, ReadyKind kind) => OffersOf(seen, [queue], kind);

    private static FleetOffers OffersOf(IEnumerable<FleetSighting> seen, ImmutableArray<QueueDefinition> queues, ReadyKind kind) =>
        FleetOffers.Of(
            from sighting in seen
            from queue in queues
            from profile in sighting.Fleet.ProfilesFor(queue, kind.ContentType, kind.GpuRequired)
            select profile);

    private static IEnumerable<ReadyTask> OnlyServedLater(NeedClass<ReadyTask> tasks, FleetOffers served, FleetOffers later)
    {
        if (served.DiskWith(tasks.GreatestNeed) >= tasks.Tree.Greatest || later.DiskWith(tasks.LeastNeed) < tasks.Tree.Least)
        {
            return [];
        }

        if (tasks.Parts.Length > 0)
        {
            return tasks.Parts.SelectMany(part => OnlyServedLater(part, served, later));
        }

        var reached = later.DiskWith(tasks.LeastNeed);
        return tasks.Tree.Above(served.DiskWith(tasks.LeastNeed)).Where(task => task.DiskGb <= reached);
    }
}
