namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Reports when this node was frozen, suspended or starved. Silence during an outage of the node is not counted against a worker.
/// </summary>
public interface IOutageWatch
{
    /// <summary>When the last outage of this node ended; <see cref="DateTimeOffset.MinValue"/> if there was none.</summary>
    DateTimeOffset LastOutageEndedAt();
}
