using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Counts a lapse of this node's permit as an outage of the node: during a lapse the calls of workers are held back, so their silence is no
/// evidence. A lapse is detected only when the watch is read during it; <see cref="GatewayWatch"/> reads it several times a second.
/// </summary>
/// <param name="outages">The other outages of this node.</param>
/// <param name="permit">The permit.</param>
/// <param name="now">Reads the time.</param>
internal sealed class PermitWatch(IOutageWatch outages, IServingPermit permit, Func<DateTimeOffset> now) : IOutageWatch
{
    private long lapsedAtUtcTicks = DateTimeOffset.MinValue.UtcTicks;

    /// <inheritdoc />
    public DateTimeOffset LastOutageEndedAt()
    {
        if (permit.State != ServingPermit.Valid)
        {
            Volatile.Write(ref lapsedAtUtcTicks, now().UtcTicks);
        }

        var lapsedAt = new DateTimeOffset(Volatile.Read(ref lapsedAtUtcTicks), TimeSpan.Zero);
        var other = outages.LastOutageEndedAt();
        return lapsedAt > other ? lapsedAt : other;
    }

    /// <inheritdoc />
    public Patience Patience() => outages.Patience();

    /// <inheritdoc />
    public void Observe(TimeSpan schedulerLag, TimeSpan journalLatency) => outages.Observe(schedulerLag, journalLatency);
}
