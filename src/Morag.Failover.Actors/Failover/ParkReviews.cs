using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <summary>
/// When each decision to park is looked at again, and what its witnesses have answered so far: soon at first, then ever less often, until
/// the evidence is settled. Kept in memory alone: after a restart all that is parked is looked at once more.
/// </summary>
internal sealed class ParkReviews(TimeSpan first)
{
    /// <summary>The most that are looked at together, so that many parked tasks do not ask all workers at once.</summary>
    private const int MostAtOnce = 100;

    /// <summary>The next look is after this share of the time since the decision.</summary>
    private const double ShareOfAge = 0.125;

    private readonly PriorityQueue<FailureId, DateTimeOffset> due = new();
    private readonly HashSet<FailureId> scheduled = [];
    private readonly Dictionary<TaskId, Asking> asked = [];

    /// <summary>Whether nothing is to be looked at again.</summary>
    public bool IsEmpty => scheduled.Count == 0 && asked.Count == 0;

    /// <summary>Decisions to look at after the first interval.</summary>
    public void Begin(IEnumerable<FailureId> parked, DateTimeOffset now)
    {
        foreach (var id in parked)
        {
            ScheduleAt(id, now + first);
        }
    }

    /// <summary>Those that are due, and those whose witnesses did not all answer in time; without those that are no longer wanted.</summary>
    public List<FailureId> TakeDue(DateTimeOffset now, Func<FailureId, bool> isWanted)
    {
        foreach (var asking in asked.Values.ToList())
        {
            ScheduleAt(asking.Parked, now);
        }

        asked.Clear();
        var taken = new List<FailureId>();
        while (taken.Count < MostAtOnce && due.TryPeek(out var id, out var at) && at <= now)
        {
            due.Dequeue();
            if (scheduled.Remove(id) && isWanted(id))
            {
                taken.Add(id);
            }
        }

        return taken;
    }

    /// <summary>The witnesses of a decision were asked.</summary>
    public void Asked(FailureId parked, TaskId task, IEnumerable<WorkerId> witnesses) => asked[task] = new Asking(parked, [.. witnesses], []);

    /// <summary>An answer came; gives the decision whose witnesses have all answered with it.</summary>
    public IEnumerable<(FailureId Parked, IReadOnlyList<Testimony> Testimonies)> Heard(TestimonyGiven given)
    {
        if (!asked.TryGetValue(given.TaskId, out var asking) || !asking.Unheard.Remove(given.Testimony.WorkerId))
        {
            return [];
        }

        asking.Testimonies.Add(given.Testimony);
        if (asking.Unheard.Count > 0)
        {
            return [];
        }

        asked.Remove(given.TaskId);
        return [(asking.Parked, asking.Testimonies)];
    }

    /// <summary>The decision stands for now: it is looked at again later, unless the evidence is settled.</summary>
    public void Again(FailureId parked, DateTimeOffset decidedAt, DateTimeOffset now, bool isSettled)
    {
        if (!isSettled)
        {
            var later = (now - decidedAt) * ShareOfAge;
            ScheduleAt(parked, now + (later > first ? later : first));
        }
    }

    /// <summary>The decision is not looked at any more.</summary>
    public void End(FailureId parked) => scheduled.Remove(parked);

    private void ScheduleAt(FailureId id, DateTimeOffset at)
    {
        if (scheduled.Add(id))
        {
            due.Enqueue(id, at);
        }
    }

    private sealed record Asking(FailureId Parked, HashSet<WorkerId> Unheard, List<Testimony> Testimonies);
}
