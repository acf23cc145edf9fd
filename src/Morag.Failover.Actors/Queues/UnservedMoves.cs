using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Tasks on their way to the next queue because no worker could run them. They start a few at a time, as earlier ones are decided, so that
/// other failures do not wait behind them. Sightings of the fleet are kept in memory only: after an outage of this node the wait starts
/// over.
/// </summary>
internal sealed class UnservedMoves(QueueSettings settings)
{
    /// <summary>No more moves start while this many tasks wait for decisions.</summary>
    private const int MostDeciding = 500;

    /// <summary>The most tasks in one event: about 100 KB with the longest ids.</summary>
    private const int MostInOneEvent = 250;

    private readonly Queue<TaskId> found = new();
    private FleetSightings seen = FleetSightings.None;
    private bool isOutdated;

    /// <summary>The most tasks that one search finds. The next search finds more.</summary>
    public const int MostFound = 100_000;

    /// <summary>Whether a search is in progress.</summary>
    public bool IsSearching { get; private set; }

    /// <summary>Whether everything found has moved, and there may be more.</summary>
    public bool MaySearch => !IsSearching && found.Count == 0;

    /// <summary>Records the fleet as it is now.</summary>
    public void See(FleetView fleet, DateTimeOffset now) => seen = seen.Seeing(fleet, now);

    /// <summary>
    /// Uses other limits from now on. When tasks wait longer than before, sightings that they need may be gone, so the wait starts over,
    /// also for tasks that were found already.
    /// </summary>
    public void Use(QueueSettings limits)
    {
        if (UnservedTasks.SightingsKeptFor(limits) > UnservedTasks.SightingsKeptFor(settings))
        {
            seen = FleetSightings.None;
            found.Clear();
            isOutdated = IsSearching;
        }

        settings = limits;
    }

    /// <summary>Starts a search. Returns the sightings that still count.</summary>
    public FleetSightings BeginSearch(DateTimeOffset now)
    {
        (IsSearching, isOutdated) = (true, false);
        seen = seen.Forgetting(now - UnservedTasks.SightingsKeptFor(settings));
        return seen;
    }

    /// <summary>Ends a search. What it found does not count if the wait has started over since.</summary>
    public void Found(List<TaskId> tasks)
    {
        IsSearching = false;
        if (!isOutdated)
        {
            tasks.ForEach(found.Enqueue);
        }
    }

    /// <summary>Removes and returns the next tasks to move; none while enough decisions are pending.</summary>
    public List<TaskId> TakeNext(int deciding)
    {
        var next = new List<TaskId>();
        for (var left = Math.Min(MostInOneEvent, MostDeciding - deciding); left > 0 && found.TryDequeue(out var task); left--)
        {
            next.Add(task);
        }

        return next;
    }
}
