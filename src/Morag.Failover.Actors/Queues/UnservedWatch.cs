using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Queues;

/// <summary>Since when nobody serves a lane. In memory: after an outage of ours the time begins anew.</summary>
internal sealed class UnservedWatch(QueueSettings settings)
{
    private readonly Dictionary<Lane, DateTimeOffset> since = [];

    /// <summary>How often it has to look.</summary>
    public TimeSpan Interval { get; } = TimeSpan.FromTicks(Math.Clamp(
        settings.UnservedAfter.Ticks / 10, TimeSpan.FromMilliseconds(500).Ticks, TimeSpan.FromSeconds(30).Ticks));

    /// <summary>Looks at every lane with a view of the whole fleet; gives those whose tasks have to move, with since when.</summary>
    public List<(Lane Lane, DateTimeOffset Since)> Look(QueueState state, FleetView fleet, DateTimeOffset now)
    {
        foreach (var lane in since.Keys.Where(lane => !state.Ready.ContainsKey(lane)).ToList())
        {
            since.Remove(lane);
        }

        var overdue = new List<(Lane, DateTimeOffset)>();
        foreach (var lane in state.Ready.Keys)
        {
            if (!Unserved.Is(lane, fleet, settings))
            {
                since.Remove(lane);
            }
            else if (!since.TryAdd(lane, now) && since[lane] + settings.UnservedAfter <= now)
            {
                overdue.Add((lane, since[lane]));
            }
        }

        return overdue;
    }
}
