namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Notices by its own late ticks that this process was frozen, suspended or starved. The wall clock and the monotonic one are both
/// watched: a suspended machine may stop the second, and a stepped clock moves the first.
/// </summary>
public sealed class FreezeWatch : IOutageWatch, IDisposable
{
    private readonly TimeProvider time;
    private readonly TimeSpan tolerance;
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private DateTimeOffset lastTick;
    private long lastTimestamp;
    private DateTimeOffset lastOutageEndedAt = DateTimeOffset.MinValue;

    /// <summary>Watches from now on.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="tolerance">The pause from which it counts as an outage, at least 100 ms.</param>
    public FreezeWatch(TimeProvider time, TimeSpan tolerance)
    {
        this.time = time;
        this.tolerance = tolerance;
        lastTick = time.GetUtcNow();
        lastTimestamp = time.GetTimestamp();
        var period = tolerance / 4;
        timer = time.CreateTimer(_ => Look(time.GetUtcNow()), null, period, period);
    }

    /// <inheritdoc />
    /// <remarks>Looks itself first, since a judgement may run before the late tick does.</remarks>
    public DateTimeOffset LastOutageEndedAt(DateTimeOffset now)
    {
        Look(now);
        lock (gate)
        {
            return lastOutageEndedAt;
        }
    }

    /// <inheritdoc />
    public void Dispose() => timer.Dispose();

    private void Look(DateTimeOffset now)
    {
        lock (gate)
        {
            var wallPause = now - lastTick;
            var monotonicPause = time.GetElapsedTime(lastTimestamp);
            if (wallPause > tolerance || monotonicPause > tolerance || wallPause < -tolerance)
            {
                lastOutageEndedAt = now;
            }

            lastTick = now;
            lastTimestamp = time.GetTimestamp();
        }
    }
}
