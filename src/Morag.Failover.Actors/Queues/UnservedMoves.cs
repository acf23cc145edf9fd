using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// The tasks that nobody could take for too long, on their way to the next queue: a few at a time, the next as those before are decided,
/// so that they move as fast as decisions are made, and other failures do not wait behind them. What was seen of the fleet is kept in
/// memory only: after an outage of this node the wait starts over.
/// </summary>
internal sealed class UnservedMoves(QueueSettings settings)
{
    /// <summary>The most tasks whose decisions may be owed for more moves to begin.</summary>
    private const int MostDeciding = 500;

    /// <summary>The tasks of one event, some 100 KB with the longest ids.</summary>
    private const int MostInOneEvent = 250;

    private readonly Queue<TaskId> found = new();
    private FleetSightings seen = FleetSightings.None;

    /// <summary>The most tasks that one look finds. The next look finds more.</summary>
    public const int MostFound = 100_000;

    /// <summary>How often it has to look.</summary>
    public TimeSpan Interval { get; } = TimeSpan.FromTicks(Math.Clamp(
        settings.Definitions.Min(settings.UnservedAfterOf).Ticks / 10, TimeSpan.FromMilliseconds(500).Ticks, TimeSpan.FromSeconds(30).Ticks));

    /// <summary>Whether a look is under way.</summary>
    public bool IsLooking { get; private set; }

    /// <summary>Whether all that was found has moved, and there may be more.</summary>
    public bool MayLook => !IsLooking && found.Count == 0;

    /// <summary>Notes the whole fleet as it is now.</summary>
    public void See(FleetView fleet, DateTimeOffset now) => seen = seen.Seeing(fleet, now);

    /// <summary>Begins a look: the fleet, and what was seen of it that still counts.</summary>
    public FleetSightings BeginToLook(DateTimeOffset now)
    {
        IsLooking = true;
        seen = seen.Forgetting(now - UnservedTasks.SightingsKeptFor(settings));
        return seen;
    }

    /// <summary>What the look found.</summary>
    public void Found(List<TaskId> tasks)
    {
        IsLooking = false;
        tasks.ForEach(found.Enqueue);
    }

    /// <summary>The next tasks to move; none while enough decisions are owed.</summary>
    public List<TaskId> Next(int deciding)
    {
        var next = new List<TaskId>();
        for (var left = Math.Min(MostInOneEvent, MostDeciding - deciding); left > 0 && found.TryDequeue(out var task); left--)
        {
            next.Add(task);
        }

        return next;
    }
}
