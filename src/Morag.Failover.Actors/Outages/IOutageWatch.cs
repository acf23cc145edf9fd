namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Knows when this node itself was out: frozen, suspended, starved. Silence during our own outage says nothing about a worker.
/// </summary>
public interface IOutageWatch
{
    /// <summary>When the last outage of this node ended; <see cref="DateTimeOffset.MinValue"/> where there was none.</summary>
    DateTimeOffset LastOutageEndedAt();
}
