using System.Globalization;
using Morag.Failover.Actors.Timing;

namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Notices by its own late ticks that this process was frozen or starved, and by the kernel's count that its machine was suspended.
/// Neither looks at the wall clock, so a step of that is no outage.
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

    /// <summary>Watches from now on.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="tolerance">The pause from which it counts as an outage, at least 100 ms.</param>
    public FreezeWatch(SteadyClock clock, TimeSpan tolerance)
        : this(clock, tolerance, ReadUptime)
    {
    }

    /// <summary>Watches from now on, with another way to know the time since the machine was booted, which counts on while it is suspended.</summary>
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
    /// <remarks>Looks itself first, since a judgement may run before the late tick does.</remarks>
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

    /// <summary>How long the machine was suspended in all, but for a constant: the monotonic clock stands still then.</summary>
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
