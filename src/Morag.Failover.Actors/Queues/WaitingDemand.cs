using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Queues.Ready;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// The workers that found nothing and want to hear when there is something. A task that becomes ready is promised to one of them that can
/// take it, in turn by the free share of their slots, and is kept for it for a moment. Only hints are lost with this, so it is not stored.
/// What a task costs here does not depend on how many workers wait, nor on what they offer: see <see cref="NeedIndex{TItem}"/>.
/// </summary>
/// <param name="settings">The queues.</param>
/// <param name="firstNumber">The interests are numbered from here: another run of the partition must not give the same numbers.</param>
internal sealed class WaitingDemand(QueueSettings settings, long firstNumber)
{
    /// <summary>How many workers of equal standing are looked at for one that is warm.</summary>
    private const int LookedAtForWarmth = 8;

    /// <summary>How long a task is kept for the worker that was woken for it; others that ask after that may have it.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromMilliseconds(500);

    private readonly Dictionary<WaitingKind, NeedIndex<WaitingWorker>> lines = [];
    private readonly Dictionary<WorkerId, Interest> byWorker = [];
    private readonly Dictionary<TaskId, Interest> promisedTo = [];
    private readonly HashSet<WorkerId> avoided = [];

    /// <summary>Those that were woken or rest. Only these are looked at in each round, however many wait.</summary>
    private readonly HashSet<Interest> restless = [];

    /// <summary>In the order in which they end, since all are kept for the same time.</summary>
    private readonly LinkedList<Interest> endings = [];
    private readonly SharedRequests shared = new();
    private readonly List<NeedTree<WaitingWorker>> trees = [];
    private long arrivals = firstNumber;

    /// <summary>Which workers completed what lately.</summary>
    public WarmWorkers Warm { get; } = new();

    /// <summary>Whether nobody waits.</summary>
    public bool IsEmpty => byWorker.Count == 0;

    /// <summary>Whether a task is kept for a worker that was woken for it a moment ago.</summary>
    public bool IsKept(TaskId task, DateTimeOffset now) => promisedTo.TryGetValue(task, out var interest) && interest.WokenAt + Kept > now;

    /// <summary>A worker found nothing.</summary>
    /// <param name="request">What it wants.</param>
    /// <param name="share">What is kept of it.</param>
    /// <param name="until">How long it waits.</param>
    /// <param name="restsUntil">Until when it is promised nothing, where it could not have what it was promised last; else null.</param>
    public void Add(GrantLeases request, WorkerShare share, DateTimeOffset until, DateTimeOffset? restsUntil)
    {
        Remove(request.WorkerId);
        arrivals++;
        Add(new Interest(shared.Of(request), share, until, number: arrivals, arrivals) { RestsUntil = restsUntil }, share);
    }

    /// <summary>A worker asks again, or no longer: its interest is over.</summary>
    /// <returns>The tasks that it was promised.</returns>
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

    /// <summary>A worker has no use for the work that it was woken for; an interest that it showed since stays.</summary>
    /// <returns>The tasks that it was promised.</returns>
    public List<TaskId> Withdraw(WorkerId worker, long interest) =>
        byWorker.TryGetValue(worker, out var kept) && kept.Number == interest ? Remove(worker) : [];

    /// <summary>The number of the interest kept for a worker; 0 if there is none.</summary>
    public long NumberOf(WorkerId worker) => byWorker.TryGetValue(worker, out var interest) ? interest.Number : 0;

    /// <summary>Forgets interests that are over; those that were woken in vain wait again, behind all others, and so do those that have rested.</summary>
    /// <returns>The tasks that were promised to them, and the workers that wait again: there may be work for them already.</returns>
    public (List<TaskId> Released, List<WorkerId> WaitAgain) Expire(QueueState state, DateTimeOffset now, TimeSpan wokenInVainAfter)
    {
        var released = new List<TaskId>();
        var waitAgain = new List<WorkerId>();
        while (endings.First?.Value is { } first && first.Until <= now)
        {
            released.AddRange(Remove(first.Request.WorkerId));
        }

        foreach (var interest in restless.Where(interest => interest.WokenAt + wokenInVainAfter <= now || interest.RestsUntil <= now).ToList())
        {
            var worker = interest.Request.WorkerId;
            var share = state.ShareOf(worker);
            var again = new Interest(interest.Request, share, interest.Until, interest.Number, ++arrivals)
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

    /// <summary>Wakes one worker if it waits and there is something for it, such as a task pinned to it.</summary>
    public bool WakeOne(WorkerId worker, QueueState state, FleetView fleet, FailoverSettings all, DateTimeOffset now)
    {
        if (!byWorker.TryGetValue(worker, out var interest)
            || interest.WokenAt is not null
            || interest.RestsUntil > now
            || !LeaseGrants.WouldGrant(state, interest.Request, fleet, all))
        {
            return false;
        }

        Woken(interest, now);
        return true;
    }

    /// <summary>Those of the waiting workers that tasks avoid: they may have them once no other can.</summary>
    public List<WorkerId> Avoided(QueueState state)
    {
        avoided.RemoveWhere(worker => !byWorker.ContainsKey(worker) || state.ShareOf(worker).Avoiding.IsEmpty);
        return [.. avoided];
    }

    /// <summary>Promises tasks that are ready to workers that wait; gives the workers to wake.</summary>
    public List<WorkerId> Offer(IEnumerable<TaskId> ready, QueueState state, DateTimeOffset now)
    {
        var woken = new List<WorkerId>();
        foreach (var id in ready)
        {
            if (state.Tasks.GetValueOrDefault(id) is not { State: TaskState.Queued, PinnedTo: null } task
                || promisedTo.ContainsKey(id)
                || settings.Find(task.Queue) is not { } queue)
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
                    Woken(interest, now);
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

    private void Woken(Interest interest, DateTimeOffset now)
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
                // It was promised tasks since it was put here: others come first now.
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
                if (tree.TryFirst(-needs.DiskGb, not, out var worker) && (best is not { } other || WaitingWorker.Compare(worker, other) < 0))
                {
                    best = worker;
                }
            }

            return best;
        }
    }

    /// <summary>A worker of the same standing as the first that recently completed a task of the same type, or null.</summary>
    private Interest? WarmOneOf(WaitingWorker first, TaskRecord task)
    {
        if (task.Submission.ContentType is not { } contentType)
        {
            return null;
        }

        foreach (var tree in trees)
        {
            var worker = first;
            for (var looked = 0; looked < LookedAtForWarmth; looked++)
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

    /// <summary>The trees of those that can take the task.</summary>
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
            lines[kind] = lines.TryGetValue(kind, out var line) ? line.With(-profile.MemoryGb, place) : NeedIndex.Of(-profile.MemoryGb, place);
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
