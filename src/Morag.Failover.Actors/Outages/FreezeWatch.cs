using System.Globalization;
using Morag.Failover.Actors.Timing;

namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Detects that this process was frozen or starved, by late timer ticks, and that its machine was suspended, by the kernel's uptime. It
/// does not read the wall clock, so a step of the wall clock is not an outage.
/// </summary>
public sealed class FreezeWatch : IOutageWatch, IDisposable
{
    private readonly SteadyClock clock;
    private readonly TimeSpan tolerance;
    private readonly Func<TimeSpan?> sinceBoot;
    private readonly Lock gate = new();
    private readonly ITimer timer;
    private readonly long startedAt;
    private long lastTimestamp;
    private TimeSpan? suspended;
    private DateTimeOffset lastOutageEndedAt = DateTimeOffset.MinValue;

    /// <summary>Starts watching.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="tolerance">The shortest pause that counts as an outage, at least 100 ms.</param>
    public FreezeWatch(SteadyClock clock, TimeSpan tolerance)
        : this(clock, tolerance, ReadUptime)
    {
    }

    /// <summary>Starts watching, with a given source of the machine's uptime, which includes the time it was suspended.</summary>
    internal FreezeWatch(SteadyClock clock, TimeSpan tolerance, Func<TimeSpan?> sinceBoot)
    {
        this.clock = clock;
        this.tolerance = tolerance;
        this.sinceBoot = sinceBoot;
        startedAt = lastTimestamp = clock.GetTimestamp();
        suspended = Suspended();
        var period = tolerance / 4;
        timer = clock.CreateTimer(_ => Tick(), null, period, period);
    }

    /// <inheritdoc />
    /// <remarks>Checks for a pause first, because a caller may run before the late tick does.</remarks>
    public DateTimeOffset LastOutageEndedAt()
    {
        lock (gate)
        {
            LookForPause();
            return lastOutageEndedAt;
        }
    }

    /// <inheritdoc />
    public void Dispose() => timer.Dispose();

    private void Tick()
    {
        lock (gate)
        {
            LookForPause();
            var now = Suspended();
            if (now - suspended > tolerance)
            {
                lastOutageEndedAt = clock.GetUtcNow();
            }

            suspended = now ?? suspended;
        }
    }

    private void LookForPause()
    {
        if (clock.GetElapsedTime(lastTimestamp) > tolerance)
        {
            lastOutageEndedAt = clock.GetUtcNow();
        }

        lastTimestamp = clock.GetTimestamp();
    }

    /// <summary>
    /// The total time the machine was suspended, plus a constant. The monotonic clock does not run while it is suspended.
    /// </summary>
    private TimeSpan? Suspended() => sinceBoot() - clock.GetElapsedTime(startedAt);

    private static TimeSpan? ReadUptime()
    {
        const string File = "/proc/uptime";
        try
        {
            return OperatingSystem.IsLinux()
                && double.TryParse(System.IO.File.ReadAllText(File).Split(' ')[0], CultureInfo.InvariantCulture, out var seconds)
                    ? TimeSpan.FromSeconds(seconds)
                    : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
