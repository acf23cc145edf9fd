using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Reports when this node was frozen, suspended or starved, and how slow it is now. Silence during an outage of the node is not counted
/// against a worker, and a slow node waits longer.
/// </summary>
public interface IOutageWatch
{
    /// <summary>When the last outage of this node ended; <see cref="DateTimeOffset.MinValue"/> if there was none.</summary>
    DateTimeOffset LastOutageEndedAt();

    /// <summary>By how much this node stretches the timeouts of workers. A watch that does not measure it has the usual patience.</summary>
    Patience Patience() => default;

    /// <summary>Records what only the actor system can measure.</summary>
    /// <param name="schedulerLag">How late its scheduler delivered a message; negative if early.</param>
    /// <param name="journalLatency">The longest write of the journal since the last call.</param>
    void Observe(TimeSpan schedulerLag, TimeSpan journalLatency)
    {
    }
}
