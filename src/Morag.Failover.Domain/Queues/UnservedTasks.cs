using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Moves tasks that no available worker could run within their queue's time to the next queue of the chain with a worker that can. If there
/// is no such queue before one that is paused, they wait. A worker is not available if it drains, has an open breaker, reports an error or
/// is suspect. A half-open breaker counts as available: its probe soon shows whether the worker has recovered.
/// </summary>
public static class UnservedTasks
{
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan MostInterval = TimeSpan.FromSeconds(30);

    /// <summary>The longest delay of news about the fleet. A worker that comes back just as the time runs out still counts.</summary>
    private static readonly TimeSpan NewsDelay = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Finds tasks that no worker could run within their queue's time, but that a worker of a later queue can; at most
    /// <paramref name="most"/>. Examines whole classes of tasks at once, but may take long: do not run it on an actor's thread.
    /// </summary>
    /// <param name="state">The queues.</param>
    /// <param name="seen">When each kind of worker was last seen available.</param>
    /// <param name="settings">The queues' settings.</param>
    /// <param name="most">The most tasks to find.</param>
    /// <param name="now">The time.</param>
    public static List<TaskId> Overdue(QueueState state, FleetSightings seen, QueueSettings settings, int most, DateTimeOffset now)
    {
        var overdue = new List<TaskId>();
        foreach (var (kind, tasks) in state.Ready.Kinds)
        {
            if (settings.Find(kind.Queue) is not { } queue
                || state.Controls.PauseOf(kind.Queue) is not null
                || !(seen.Since <= now - UnavailableFor(queue, settings)))
            {
                continue;
            }

            var served = FleetOffers.Of(seen.ReadyFor(queue, kind.ContentType, kind.GpuRequired, now - UnavailableFor(queue, settings)));
            var later = FleetOffers.Of(
                OpenChainAfter(kind.Queue, state, settings)
                    .SelectMany(next => seen.Fleet.ReadyFor(next, kind.ContentType, kind.GpuRequired)));
            var unserved = tasks.Classes.SelectMany(@class => OnlyServedLater(@class, served, later));
            foreach (var task in unserved)
            {
                if (overdue.Count == most)
                {
                    return overdue;
                }

                if (HasWaitedTooLong(state.Tasks[task.TaskId], queue, settings, now))
                {
                    overdue.Add(task.TaskId);
                }
            }
        }

        return overdue;
    }

    /// <summary>How often to search for overdue tasks.</summary>
    public static TimeSpan SearchInterval(QueueSettings settings) => TimeSpan.FromTicks(Math.Clamp(
        settings.Definitions.Min(settings.UnservedAfterOf).Ticks / 10, LeastInterval.Ticks, MostInterval.Ticks));

    /// <summary>How long sightings of the fleet are needed.</summary>
    public static TimeSpan SightingsKeptFor(QueueSettings settings) => settings.Definitions.Max(queue => UnavailableFor(queue, settings));

    /// <summary>Decides which of the tasks found still qualify, and ends their wait; null if none does.</summary>
    public static TasksWentUnserved? Decide(
        QueueState state, IEnumerable<TaskId> overdue, FleetView fleet, QueueSettings settings, DateTimeOffset now)
    {
        var epoch = state.LastEpoch;
        var tasks = ImmutableArray.CreateBuilder<EndedLease>();
        foreach (var id in overdue)
        {
            if (state.Tasks.GetValueOrDefault(id) is not { State: TaskState.Queued, PinnedTo: null } task
                || settings.Find(task.Queue) is not { } queue
                || state.Controls.PauseOf(task.Queue) is not null
                || !HasWaitedTooLong(task, queue, settings, now)
                || IsServed(task, queue, fleet)
                || NextServing(task, state, fleet, settings) is null)
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
                    ErrorMessage = ReasonFor(task, fleet, settings, settings.UnservedAfterOf(queue)),
                    Unserved = true,
                },
            });
        }

        return tasks.Count == 0 ? null : new TasksWentUnserved { At = now, Tasks = tasks.DrainToImmutable() };
    }

    /// <summary>
    /// The next queue of the chain with an available worker for the task; null if there is none before one that is paused, so that the task
    /// stays.
    /// </summary>
    public static QueueDefinition? NextServing(TaskRecord task, QueueState state, FleetView fleet, QueueSettings settings) =>
        OpenChainAfter(task.Queue, state, settings).FirstOrDefault(next => IsServed(task, next, fleet));

    /// <summary>Moves the tasks to the deciding state.</summary>
    public static QueueState Apply(QueueState state, TasksWentUnserved @event)
    {
        var edit = new QueueEdit(state);
        foreach (var unserved in @event.Tasks)
        {
            edit.LastEpoch = unserved.Failure.Epoch;
            edit.Put(edit.Get(unserved.TaskId) with { State = TaskState.Deciding, Pending = unserved.Failure });
        }

        return edit.ToState();
    }

    /// <summary>The queues of the chain before the first one that is paused, into which a decision could move the task.</summary>
    private static IEnumerable<QueueDefinition> OpenChainAfter(QueueName queue, QueueState state, QueueSettings settings) =>
        settings.ChainAfter(queue).TakeWhile(next => state.Controls.PauseOf(next.Name) is null);

    private static TimeSpan UnavailableFor(QueueDefinition queue, QueueSettings settings) => settings.UnservedAfterOf(queue) + NewsDelay;

    private static bool HasWaitedTooLong(TaskRecord task, QueueDefinition queue, QueueSettings settings, DateTimeOffset now) =>
        task.QueuedSince + settings.UnservedAfterOf(queue) <= now;

    private static bool IsServed(TaskRecord task, QueueDefinition queue, FleetView fleet) =>
        fleet.AnyReady(queue, task.Submission.ContentType, task.Submission.ResourceRequirements);

    private static string ReasonFor(TaskRecord task, FleetView fleet, QueueSettings settings, TimeSpan time) => string.Create(
        CultureInfo.InvariantCulture,
        $"no worker of {task.Queue} could run the task for {time.TotalSeconds:0} s: {UnmetNeeds.Of(task, fleet, settings)}");

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

/// <summary>No worker could run these tasks for too long, but a worker of a later queue can. The coordinator decides their move.</summary>
[ProtoContract(Name = "queue.tasks-went-unserved")]
public sealed record TasksWentUnserved : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The tasks, each with an epoch of its own instead of a lease's.</summary>
    [ProtoMember(2)] public ImmutableArray<EndedLease> Tasks { get; init; } = [];
}
