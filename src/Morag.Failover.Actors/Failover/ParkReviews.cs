using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <summary>
/// When each decision to park is reviewed, and what its witnesses have answered so far. Reviews become less frequent over time, and end
/// when the evidence is settled. Kept in memory only: after a restart every parked task is reviewed once more.
/// </summary>
internal sealed class ParkReviews(TimeSpan first)
{
    /// <summary>The most decisions reviewed at once, so that many parked tasks do not ask all workers together.</summary>
    private const int MaxAtOnce = 100;

    private readonly PriorityQueue<FailureId, DateTimeOffset> due = new();
    private readonly HashSet<FailureId> scheduled = [];
    private readonly Dictionary<TaskId, Asking> asked = [];

    /// <summary>Whether no decision is to be reviewed.</summary>
    public bool IsEmpty => scheduled.Count == 0 && asked.Count == 0;

    /// <summary>Schedules the first review of decisions.</summary>
    public void Start(IEnumerable<FailureId> parked, DateTimeOffset now)
    {
        foreach (var id in parked)
        {
            ScheduleAt(id, now + first);
        }
    }

    /// <summary>
    /// Removes and returns the decisions that are due, including those whose witnesses did not all answer in time. Drops those that are no
    /// longer <paramref name="isWanted"/>.
    /// </summary>
    public List<FailureId> RemoveDue(DateTimeOffset now, Func<FailureId, bool> isWanted)
    {
        foreach (var asking in asked.Values.ToList())
        {
            ScheduleAt(asking.Parked, now);
        }

        asked.Clear();
        var removed = new List<FailureId>();
        while (removed.Count < MaxAtOnce && due.TryPeek(out var id, out var at) && at <= now)
        {
            due.Dequeue();
            if (scheduled.Remove(id) && isWanted(id))
            {
                removed.Add(id);
            }
        }

        return removed;
    }

    /// <summary>Records that the witnesses of a decision were asked.</summary>
    public void MarkAsked(FailureId parked, TaskId task, IEnumerable<WorkerId> witnesses) =>
        asked[task] = new Asking(parked, [.. witnesses], []);

    /// <summary>Adds an answer. Returns the decision whose witnesses have now all answered, if any.</summary>
    public IEnumerable<(FailureId Parked, IReadOnlyList<Testimony> Testimonies)> Hear(TestimonyReply given)
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

    /// <summary>Schedules the next review of a decision that stands; null ends its reviews.</summary>
    public void Postpone(FailureId parked, TimeSpan? reviewAfter, DateTimeOffset now)
    {
        if (reviewAfter is { } after)
        {
            ScheduleAt(parked, now + (after > first ? after : first));
        }
    }

    /// <summary>Ends the reviews of a decision.</summary>
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
