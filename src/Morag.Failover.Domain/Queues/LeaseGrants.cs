using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>Grants leases: chooses the tasks that a worker gets.</summary>
public static class LeaseGrants
{
    /// <summary>The most bytes of granted tasks in one reply, by estimate. A single task may be larger.</summary>
    public const long MostBytes = MessageLimits.MaxGatheredBytes;

    /// <summary>
    /// Grants leases to a worker. A repeated request gets the leases that it got before and still holds; otherwise the worker gets the next
    /// tasks that it can run, up to its room. New epochs are above every epoch in the state and above <paramref name="floor"/>.
    /// </summary>
    /// <param name="state">The queues.</param>
    /// <param name="request">The worker's request.</param>
    /// <param name="fleet">The fleet.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="now">The time.</param>
    /// <param name="floor">The highest epoch known to have been granted, from outside the journal.</param>
    /// <param name="isReserved">Whether a task is reserved for another worker that was just woken for it; null reserves none.</param>
    public static Decision<LeasesGranted> Decide(
        QueueState state,
        GrantLeases request,
        FleetView fleet,
        FailoverSettings settings,
        DateTimeOffset now,
        LeaseEpoch floor,
        Func<TaskId, bool>? isReserved = null)
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

    /// <summary>Whether the worker would be granted at least one lease.</summary>
    public static bool WouldGrant(QueueState state, GrantLeases request, FleetView fleet, FailoverSettings settings)
    {
        var share = state.ShareOf(request.WorkerId);
        return !share.IsFenced(request.InstanceId)
            && RoomOf(share, request) > 0
            && LeaseCandidates.For(state, share, request, fleet, settings, isReserved: null)?.Next() is not null;
    }

    /// <summary>Leases the tasks.</summary>
    public static QueueState Apply(QueueState state, TasksLeased @event)
    {
        var edit = new QueueEdit(state);
        var turns = edit.ShareOf(@event.WorkerId).Turns;
        foreach (var granted in @event.Leases)
        {
            var task = edit.Get(granted.TaskId);
            if (task.Attempt == 0)
            {
                var counted = edit.CountersOf(task.Queue);
                var waited = counted.Waited + (@event.At - task.SubmittedAt);
                edit.Put(task.Queue, counted with { FirstLeases = counted.FirstLeases + 1, Waited = waited });
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
                Budgets = RetryBudgets.EndSeriesElsewhere(task.Budgets, @event.WorkerId),
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

        edit.Put(@event.WorkerId, edit.ShareOf(@event.WorkerId) with { Turns = turns });
        return edit.ToState();
    }

    /// <summary>How many more leases the worker wants and may hold, over all queues.</summary>
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
        TraceParent = task.Submission.TraceParent,

        // Not what this lease has reported itself: repeated leases must not be larger than those of the first answer.
        Checkpoint = task.Progress is { } progress && progress.CheckpointEpoch < epoch ? progress.Checkpoint : null,
    };

    private static Decision<LeasesGranted> Grant(IStoredEvent? @event, GrantLeases request, ImmutableArray<LeasedTask> leases) =>
        new(@event, new LeasesGranted { Partition = request.Partition, WorkerId = request.WorkerId, Leases = leases });
}

/// <summary>A worker was granted leases.</summary>
[ProtoContract(Name = "queue.tasks-leased")]
public sealed record TasksLeased : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>The call that the leases answer.</summary>
    [ProtoMember(4)] public RequestId? RequestId { get; init; }

    [ProtoMember(5)] public ImmutableArray<GrantedLease> Leases { get; init; } = [];
}

/// <summary>A granted lease.</summary>
[ProtoContract]
public sealed record GrantedLease
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The time until the lease expires.</summary>
    [ProtoMember(3)] public required TimeSpan Timeout { get; init; }

    /// <summary>What the lease costs in <see cref="FairTurns"/>: 1 / weight; 0 if the worker serves one queue.</summary>
    [ProtoMember(4)] public double Cost { get; init; }
}
