using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>Granting leases: which tasks a worker gets.</summary>
public static class LeaseGrants
{
    /// <summary>The most bytes of one answer, by estimate, unless a single task has more: it has to fit a message.</summary>
    public const long MostBytes = MessageLimits.MaxGatheredBytes;

    /// <summary>
    /// The leases for a worker: those that an earlier call of the same request got and that still hold, else the next tasks it can
    /// take, within its room. Their epochs are above those of this state, and above <paramref name="floor"/>: what else is known to have
    /// been granted.
    /// </summary>
    /// <param name="state">The state.</param>
    /// <param name="request">What the worker wants.</param>
    /// <param name="fleet">The fleet.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="now">The time.</param>
    /// <param name="floor">An epoch that is known to have been granted; those of this answer are above it.</param>
    /// <param name="isReserved">Whether a task is kept for another worker that was just woken for it; null keeps none.</param>
    public static Decision<LeasesGranted> Decide(
        QueueState state, GrantLeases request, FleetView fleet, FailoverSettings settings, DateTimeOffset now, LeaseEpoch floor, Func<TaskId, bool>? isReserved = null)
    {
        var share = state.ShareOf(request.WorkerId);
        if (Repeated(state, share, request, now) is { } repeated)
        {
            return Grant(null, request, repeated);
        }

        if (request.OnlyRepeat || share.IsFenced(request.InstanceId))
        {
            return Grant(null, request, []);
        }

        var candidates = LeaseCandidates.For(state, share, request, fleet, settings, isReserved);
        var room = RoomOf(share, request);
        var leases = ImmutableArray.CreateBuilder<GrantedLease>();
        var tasks = ImmutableArray.CreateBuilder<LeasedTask>();
        var epoch = state.LastEpoch > floor ? state.LastEpoch : floor;
        long bytes = 0;
        while (leases.Count < room && candidates?.Next() is { } next)
        {
            var task = state.Tasks[next.TaskId];
            var timeout = task.Submission.Timeout ?? next.Queue.Timeout;
            var leased = Leased(task, epoch.Next(), task.Attempt + 1, now + timeout, now);
            bytes += WireSize.Of(leased);
            if (leases.Count > 0 && bytes > MostBytes)
            {
                break;
            }

            epoch = leased.Epoch;
            leases.Add(new GrantedLease { TaskId = next.TaskId, Epoch = epoch, Timeout = timeout, Cost = next.Cost });
            tasks.Add(leased);
        }

        return leases.Count == 0
            ? Grant(null, request, [])
            : Grant(
                new TasksLeased
                {
                    At = now,
                    WorkerId = request.WorkerId,
                    InstanceId = request.InstanceId,
                    RequestId = request.RequestId,
                    Leases = leases.DrainToImmutable(),
                },
                request,
                tasks.DrainToImmutable());
    }

    /// <summary>Whether the worker would get anything.</summary>
    public static bool WouldGrant(QueueState state, GrantLeases request, FleetView fleet, FailoverSettings settings)
    {
        var share = state.ShareOf(request.WorkerId);
        return !share.IsFenced(request.InstanceId)
            && RoomOf(share, request) > 0
            && LeaseCandidates.For(state, share, request, fleet, settings, isReserved: null)?.Next() is not null;
    }

    /// <summary>The state with the tasks leased.</summary>
    public static QueueState Apply(QueueState state, TasksLeased @event)
    {
        var edit = new QueueEdit(state);
        var turns = edit.Share(@event.WorkerId).Turns;
        foreach (var granted in @event.Leases)
        {
            var task = edit.Get(granted.TaskId);
            if (task.Attempt == 0)
            {
                var counted = edit.Counters(task.Queue);
                edit.Put(task.Queue, counted with { FirstLeases = counted.FirstLeases + 1, Waited = counted.Waited + (@event.At - task.SubmittedAt) });
            }

            if (granted.Cost > 0)
            {
                turns = turns.Served(task.Queue, granted.Cost);
            }

            edit.LastEpoch = granted.Epoch;
            edit.Put(task with
            {
                State = TaskState.Leased,
                Attempt = task.Attempt + 1,
                PinnedTo = null,
                PinnedUntil = null,
                Avoid = null,
                Budgets = RetryBudgets.LeasedBy(task.Budgets, @event.WorkerId),
                Lease = new TaskLease
                {
                    Epoch = granted.Epoch,
                    WorkerId = @event.WorkerId,
                    InstanceId = @event.InstanceId,
                    RequestId = @event.RequestId,
                    GrantedAt = @event.At,
                    Deadline = @event.At + granted.Timeout,
                    Timeout = granted.Timeout,
                },
                History = task.History.With(edit.HistoryKept, @event.At, TaskHistory.Leased, @event.WorkerId, granted.Epoch),
            });
        }

        edit.Put(@event.WorkerId, edit.Share(@event.WorkerId) with { Turns = turns });
        return edit.Done();
    }

    /// <summary>How many leases the worker wants and may have, over all queues.</summary>
    public static int RoomOf(WorkerShare share, GrantLeases request)
    {
        var heldElsewhere = 0;
        foreach (var queue in request.Queues)
        {
            heldElsewhere += queue.HeldElsewhere;
        }

        return Math.Min(request.MaxTasks, request.MaxHeld - share.Held.Count - heldElsewhere);
    }

    private static ImmutableArray<LeasedTask>? Repeated(QueueState state, WorkerShare share, GrantLeases request, DateTimeOffset now)
    {
        if (request.RequestId is not { } id)
        {
            return null;
        }

        ImmutableArray<LeasedTask>.Builder? repeated = null;
        foreach (var (epoch, held) in share.Held)
        {
            if (held.RequestId == id && held.InstanceId == request.InstanceId)
            {
                var task = state.Tasks[held.TaskId];
                (repeated ??= ImmutableArray.CreateBuilder<LeasedTask>()).Add(Leased(task, epoch, task.Attempt, task.Lease!.Deadline, now));
            }
        }

        return repeated?.DrainToImmutable();
    }

    private static LeasedTask Leased(TaskRecord task, LeaseEpoch epoch, int attempt, DateTimeOffset deadline, DateTimeOffset now) => new()
    {
        TaskId = task.TaskId,
        Epoch = epoch,
        Queue = task.Queue,
        Payload = task.Submission.Payload,
        Quality = task.Quality,
        Attempt = attempt,
        Deadline = deadline,
        RemainingSeconds = Math.Max(0, (deadline - now).TotalSeconds),
        ContentType = task.Submission.ContentType,
    };

    private static Decision<LeasesGranted> Grant(IStoredEvent? @event, GrantLeases request, ImmutableArray<LeasedTask> leases) =>
        new(@event, new LeasesGranted { Partition = request.Partition, WorkerId = request.WorkerId, Leases = leases });
}
