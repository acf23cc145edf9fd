using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Tasks that no available worker could take for the time of their queue: they move, by a decision, to the next queue that an available
/// worker serves for them. If there is none, they wait. A worker that drains, has an open breaker, reports an error or is suspect is
/// not available. One with a half-open breaker is: its probe soon shows whether it works again.
/// </summary>
public static class UnservedTasks
{
    /// <summary>How old news of the fleet may be. A worker that comes back just as the time is over still counts.</summary>
    private static readonly TimeSpan NewsDelay = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The tasks that no worker could take within their queue's time, while a later queue is served for them; at most
    /// <paramref name="most"/>. Looks through whole classes of tasks at once, but may take long for many: not for an actor's own time.
    /// </summary>
    /// <param name="state">The queues.</param>
    /// <param name="seen">The fleet as it was seen.</param>
    /// <param name="settings">The queues' settings.</param>
    /// <param name="most">The most tasks to find.</param>
    /// <param name="now">The time.</param>
    public static List<TaskId> Overdue(QueueState state, FleetSightings seen, QueueSettings settings, int most, DateTimeOffset now)
    {
        var overdue = new List<TaskId>();
        foreach (var (kind, tasks) in state.Ready.Kinds)
        {
            if (settings.Find(kind.Queue) is not { } queue || !(seen.Since <= now - UnavailableFor(queue, settings)))
            {
                continue;
            }

            var served = FleetOffers.Of(seen.ReadyFor(queue, kind.ContentType, kind.GpuRequired, now - UnavailableFor(queue, settings)));
            var later = FleetOffers.Of(
                settings.ChainAfter(kind.Queue).SelectMany(next => seen.Fleet.ReadyFor(next, kind.ContentType, kind.GpuRequired)));
            var unserved = tasks.Classes.SelectMany(@class => OnlyServedLater(@class, served, later));
            foreach (var task in unserved)
            {
                if (overdue.Count == most)
                {
                    return overdue;
                }

                if (HasWaitedLong(state.Tasks[task.TaskId], queue, settings, now))
                {
                    overdue.Add(task.TaskId);
                }
            }
        }

        return overdue;
    }

    /// <summary>How long sightings of the fleet are of use.</summary>
    public static TimeSpan SightingsKeptFor(QueueSettings settings) => settings.Definitions.Max(queue => UnavailableFor(queue, settings));

    /// <summary>Starts the moves of those tasks that still wait, that nobody can take, and that a later queue is served for; null if there are none.</summary>
    public static TasksWentUnserved? Decide(QueueState state, IEnumerable<TaskId> overdue, FleetView fleet, QueueSettings settings, DateTimeOffset now)
    {
        var epoch = state.LastEpoch;
        var tasks = ImmutableArray.CreateBuilder<EndedLease>();
        foreach (var id in overdue)
        {
            if (state.Tasks.GetValueOrDefault(id) is not { State: TaskState.Queued, PinnedTo: null } task
                || settings.Find(task.Queue) is not { } queue
                || !HasWaitedLong(task, queue, settings, now)
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
                    ErrorMessage = Because(task, fleet, settings, settings.UnservedAfterOf(queue)),
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

    private static TimeSpan UnavailableFor(QueueDefinition queue, QueueSettings settings) => settings.UnservedAfterOf(queue) + NewsDelay;

    private static bool HasWaitedLong(TaskRecord task, QueueDefinition queue, QueueSettings settings, DateTimeOffset now) =>
        task.QueuedSince + settings.UnservedAfterOf(queue) <= now;

    private static bool IsServed(TaskRecord task, QueueDefinition queue, FleetView fleet) =>
        fleet.AnyReady(queue, task.Submission.ContentType, task.Submission.ResourceRequirements);

    private static string Because(TaskRecord task, FleetView fleet, QueueSettings settings, TimeSpan time) => string.Create(
        CultureInfo.InvariantCulture,
        $"no worker could take it from {task.Queue} for {time.TotalSeconds:0} s: {UnmetNeeds.Of(task, fleet, settings)}");

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
