using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Workers that found no task and wait for one. A task that becomes ready is promised to a waiting worker that can run it, by the free
/// share of its slots, and reserved for it for a moment. Losing this state loses only hints, so it is not stored. The cost per task does
/// not depend on how many workers wait or what they offer: see <see cref="NeedIndex{TItem}"/>.
/// </summary>
/// <param name="settings">The queues.</param>
/// <param name="firstNumber">The first interest number. Runs of the partition must not share numbers.</param>
internal sealed partial class WaitingDemand(QueueSettings settings, long firstNumber)
{
    /// <summary>How many equally ranked workers are searched for a warm one.</summary>
    private const int MostExaminedForWarmth = 8;

    /// <summary>How long a task is reserved for the worker that was woken for it.</summary>
    private static readonly TimeSpan ReservedFor = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<WaitingKind, NeedIndex<WaitingWorker>> lines = [];
    private readonly Dictionary<WorkerId, Interest> byWorker = [];
    private readonly Dictionary<TaskId, Interest> promisedTo = [];
    private readonly HashSet<WorkerId> avoided = [];

    /// <summary>Interests that were woken or rest. Only these are examined in each round, however many workers wait.</summary>
    private readonly HashSet<Interest> restless = [];

    /// <summary>By expiry: all interests last equally long.</summary>
    private readonly LinkedList<Interest> endings = [];
    private readonly SharedRequests shared = new();
    private readonly List<NeedTree<WaitingWorker>> trees = [];
    private long arrivals = firstNumber;

    /// <summary>Workers that recently completed tasks.</summary>
    public WarmWorkers Warm { get; } = new();

    public bool IsEmpty => byWorker.Count == 0;

    /// <summary>The workers that wait.</summary>
    public List<WorkerId> Workers => [.. byWorker.Keys];

    /// <summary>Whether a task is reserved for a worker that was woken a moment ago.</summary>
    public bool IsReserved(TaskId task, DateTimeOffset now) =>
        promisedTo.TryGetValue(task, out var interest) && interest.WokenAt + ReservedFor > now;

    /// <summary>Limits the request of a worker that was woken to the tasks that it was woken for and those pinned to it.</summary>
    public static GrantLeases Limit(GrantLeases request, WorkerShare share, List<TaskId> promised) => promised.Count == 0
        ? request
        : request with { MaxTasks = Math.Min(request.MaxTasks, promised.Count + share.Pinned.Count) };

    /// <summary>
    /// Adds a worker that was granted nothing, if its request shows interest. If tasks were promised to it, it could not use them, and
    /// rests before others are promised to it.
    /// </summary>
    public void AddIfInterested(GrantLeases request, WorkerShare share, bool wasPromised, DateTimeOffset now)
    {
        if (request.Interest is { } interest)
        {
            Add(
                request with { MaxTasks = interest.MaxTasks, Queues = interest.Queues },
                share,
                now + interest.For,
                restsUntil: wasPromised ? now + settings.ResendAfter : null);
        }
    }

    /// <summary>Adds a worker that found no task.</summary>
    /// <param name="request">What it wants.</param>
    /// <param name="share">The worker's share.</param>
    /// <param name="until">When the interest expires.</param>
    /// <param name="restsUntil">Until when nothing is promised to it, because it could not use what it was promised last; null for no
    /// rest.</param>
    public void Add(GrantLeases request, WorkerShare share, DateTimeOffset until, DateTimeOffset? restsUntil)
    {
        Remove(request.WorkerId);
        arrivals++;
        Add(new Interest(shared.Of(request), share, until, number: arrivals, arrivals, controls) { RestsUntil = restsUntil }, share);
    }

    /// <summary>Removes a worker that asks again or has stopped waiting.</summary>
    /// <returns>The tasks that were promised to it.</returns>
    public List<TaskId> Remove(WorkerId worker)
    {
        if (!byWorker.Remove(worker, out var interest))
        {
            return [];
        }

        LeaveLines(interest);
        restless.Remove(interest);
        if (interest.Ending is { } ending)
        {
            endings.Remove(ending);
        }

        interest.Promised?.ForEach(task => promisedTo.Remove(task));
        return interest.Promised ?? [];
    }

    /// <summary>Removes an interest, unless the worker has shown a newer one.</summary>
    /// <returns>The tasks that were promised to it.</returns>
    public List<TaskId> Withdraw(WorkerId worker, long interest) =>
        byWorker.TryGetValue(worker, out var kept) && kept.Number == interest ? Remove(worker) : [];

    /// <summary>The number of a worker's interest; 0 if it has none.</summary>
    public long NumberOf(WorkerId worker) => byWorker.TryGetValue(worker, out var interest) ? interest.Number : 0;

    /// <summary>Removes expired interests. Workers that did not come when woken, or have rested, wait again behind all others.</summary>
    /// <returns>The tasks that were promised to them, and the workers that wait again, for which there may be work already.</returns>
    public (List<TaskId> Released, List<WorkerId> WaitAgain) Expire(QueueState state, DateTimeOffset now, TimeSpan wokenInVainAfter)
    {
        var released = new List<TaskId>();
        var waitAgain = new List<WorkerId>();
        while (endings.First?.Value is { } first && first.Until <= now)
        {
            released.AddRange(Remove(first.Request.WorkerId));
        }

        foreach (
            var interest in restless.Where(interest => interest.WokenAt + wokenInVainAfter <= now || interest.RestsUntil <= now).ToList())
        {
            var worker = interest.Request.WorkerId;
            var share = state.ShareOf(worker);
            var again = new Interest(interest.Request, share, interest.Until, interest.Number, ++arrivals, controls)
            {
                WokenInVain = interest.WokenInVain + (interest.WokenAt is null ? 0 : 1),
            };
            again.Ending = endings.AddAfter(interest.Ending!, again);
            released.AddRange(Remove(worker));
            Add(again, share);
            waitAgain.Add(worker);
        }

        return (released, waitAgain);
    }

    /// <summary>Wakes a waiting worker if there is a task for it, such as one pinned to it.</summary>
    public bool WakeOne(WorkerId worker, QueueState state, FleetView fleet, FailoverSettings all, DateTimeOffset now)
    {
        if (!byWorker.TryGetValue(worker, out var interest)
            || interest.WokenAt is not null
            || interest.RestsUntil > now
            || !LeaseGrants.WouldGrant(state, interest.Request, fleet, all))
        {
            return false;
        }

        MarkWoken(interest, now);
        return true;
    }

    /// <summary>The waiting workers that tasks avoid. They get those tasks once no other worker can run them.</summary>
    public List<WorkerId> Avoided(QueueState state)
    {
        avoided.RemoveWhere(worker => !byWorker.ContainsKey(worker) || state.ShareOf(worker).Avoiding.IsEmpty);
        return [.. avoided];
    }

    /// <summary>Promises ready tasks to waiting workers. Returns the workers to wake.</summary>
    public List<WorkerId> Offer(IEnumerable<TaskId> ready, QueueState state, DateTimeOffset now)
    {
        var woken = new List<WorkerId>();
        foreach (var id in ready)
        {
            if (state.Tasks.GetValueOrDefault(id) is not { State: TaskState.Queued, PinnedTo: null } task
                || promisedTo.ContainsKey(id)
                || settings.Find(task.Queue) is not { } queue
                || controls.PauseOf(task.Queue) is not null)
            {
                continue;
            }

            if (task.Avoid is { } avoids && byWorker.ContainsKey(avoids))
            {
                avoided.Add(avoids);
            }

            if (FirstFor(task, queue, now) is { } interest)
            {
                interest.Promise(id, task.Queue);
                promisedTo[id] = interest;
                if (interest.WokenAt is null)
                {
                    MarkWoken(interest, now);
                    woken.Add(interest.Request.WorkerId);
                }
            }
        }

        return woken;
    }

    private void Add(Interest interest, WorkerShare share)
    {
        var worker = interest.Request.WorkerId;
        byWorker[worker] = interest;
        interest.Ending ??= endings.AddLast(interest);
        if (!share.Avoiding.IsEmpty)
        {
            avoided.Add(worker);
        }

        if (interest.RestsUntil is null)
        {
            EnterLines(interest);
        }
        else
        {
            restless.Add(interest);
        }
    }

    private void MarkWoken(Interest interest, DateTimeOffset now)
    {
        interest.WokenAt = now;
        restless.Add(interest);
    }

    private Interest? FirstFor(TaskRecord task, QueueDefinition queue, DateTimeOffset now)
    {
        var needs = task.Submission.ResourceRequirements;
        var avoid = task.Avoid?.Value;
        while (FirstInLine(task, avoid) is { } first)
        {
            var interest = first.Interest;
            var present = interest.PlaceIn(queue.Placement);
            if (interest.Until <= now || !interest.HasRoomIn(task.Queue))
            {
                LeaveLines(interest, kind => kind.Queue == task.Queue);
            }
            else if (queue.Placement == Placement.Spread && WaitingWorker.Compare(present, first) > 0)
            {
                // It was promised tasks since it was ranked, so others come first now.
                LeaveLines(interest, kind => kind.Queue == task.Queue);
                EnterLines(interest, queue);
            }
            else
            {
                return Warm.Has(interest.Request.WorkerId, task.Submission.ContentType) ? interest : WarmOneOf(first, task) ?? interest;
            }
        }

        return null;

        WaitingWorker? FirstInLine(TaskRecord of, string? not)
        {
            CollectTrees(of);
            WaitingWorker? best = null;
            foreach (var tree in trees)
            {
                if (tree.TryFirst(
                    -needs.DiskGb, not, out var worker) && (best is not { } other || WaitingWorker.Compare(worker, other) < 0))
                {
                    best = worker;
                }
            }

            return best;
        }
    }

    /// <summary>A worker of the same rank as the first that recently completed a task of the same type; null if there is none.</summary>
    private Interest? WarmOneOf(WaitingWorker first, TaskRecord task)
    {
        if (task.Submission.ContentType is not { } contentType)
        {
            return null;
        }

        foreach (var tree in trees)
        {
            var worker = first;
            for (var examined = 0; examined < MostExaminedForWarmth; examined++)
            {
                if (!tree.TryAfter(worker, -task.Submission.ResourceRequirements.DiskGb, task.Avoid?.Value, out worker)
                    || worker.Turn != first.Turn
                    || worker.Interest.Score != first.Interest.Score)
                {
                    break;
                }

                if (Warm.Has(worker.Interest.Request.WorkerId, contentType)
                    && worker.Interest.HasRoomIn(task.Queue)
                    && worker.Interest.PlaceIn(settings.Find(task.Queue)!.Placement).Turn == worker.Turn)
                {
                    return worker.Interest;
                }
            }
        }

        return null;
    }

    /// <summary>Collects the trees of the workers that can run a task.</summary>
    private void CollectTrees(TaskRecord task)
    {
        trees.Clear();
        Collect(hasGpu: true);
        if (!task.Submission.ResourceRequirements.GpuRequired)
        {
            Collect(hasGpu: false);
        }

        void Collect(bool hasGpu)
        {
            if (task.Submission.ContentType is { } contentType)
            {
                CollectLine(new WaitingKind(task.Queue, hasGpu, WaitingLine.AnyType));
                CollectLine(new WaitingKind(task.Queue, hasGpu, WaitingLine.OneType, contentType));
            }
            else
            {
                CollectLine(new WaitingKind(task.Queue, hasGpu, WaitingLine.All));
            }
        }

        void CollectLine(WaitingKind kind)
        {
            if (lines.TryGetValue(kind, out var line))
            {
                var needs = task.Submission.ResourceRequirements;
                line.CollectTrees(-needs.MemoryGb, -needs.DiskGb, task.Avoid?.Value, trees);
            }
        }
    }

    private void EnterLines(Interest interest)
    {
        foreach (var room in interest.Request.Queues)
        {
            if (interest.HasRoomIn(room.Queue)
                && settings.Find(room.Queue) is { } queue
                && Eligibility.Serves(interest.Request.Profile, queue))
            {
                EnterLines(interest, queue);
            }
        }
    }

    private void EnterLines(Interest interest, QueueDefinition queue)
    {
        var profile = interest.Request.Profile;
        var hasGpu = profile.GpuCount > 0;
        Enter(new WaitingKind(queue.Name, hasGpu, WaitingLine.All));
        if (profile.ContentTypes.IsDefaultOrEmpty)
        {
            Enter(new WaitingKind(queue.Name, hasGpu, WaitingLine.AnyType));
        }
        else
        {
            foreach (var contentType in profile.ContentTypes)
            {
                Enter(new WaitingKind(queue.Name, hasGpu, WaitingLine.OneType, contentType));
            }
        }

        void Enter(WaitingKind kind)
        {
            var place = interest.PlaceIn(queue.Placement);
            interest.Places.Add((kind, place.Turn));
            lines[kind] = lines.TryGetValue(kind, out var line)
                ? line.With(-profile.MemoryGb, place)
                : NeedIndex.Of(-profile.MemoryGb, place);
        }
    }

    private void LeaveLines(Interest interest, Func<WaitingKind, bool>? which = null)
    {
        for (var i = interest.Places.Count - 1; i >= 0; i--)
        {
            var (kind, turn) = interest.Places[i];
            if (which is not null && !which(kind))
            {
                continue;
            }

            interest.Places.RemoveAt(i);
            if (lines[kind].Without(-interest.Request.Profile.MemoryGb, new WaitingWorker(interest, turn)) is { } left)
            {
                lines[kind] = left;
            }
            else
            {
                lines.Remove(kind);
            }
        }
    }
}
