using System.Globalization;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Outages;

/// <summary>
/// Detects that this process was frozen or starved, by late timer ticks, and that its machine was suspended, by the kernel's uptime. It
/// does not read the wall clock, so a step of the wall clock is not an outage. It also measures how slow the process is: late and skipped
/// ticks, garbage collection, and what the actor system observes. From that follows the node's <see cref="Domain.Nodes.Patience"/>.
/// </summary>
public sealed class FreezeWatch : IOutageWatch, IDisposable
{
    private readonly SteadyClock clock;
    private readonly TimeSpan tolerance;
    private readonly Func<TimeSpan?> sinceBoot;
    private readonly Lock gate = new();
    private readonly Func<TimeSpan> gcPaused;
    private readonly StrainWindow strain = new();
    private readonly ITimer timer;
    private readonly TimeSpan period;
    private readonly long startedAt;
    private long lastTickAt;
    private TimeSpan lastGcPaused;
    private Patience patience;
    private long lastTimestamp;
    private TimeSpan? suspended;
    private DateTimeOffset lastOutageEndedAt = DateTimeOffset.MinValue;

    /// <summary>Starts watching.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="tolerance">The shortest pause that counts as an outage, at least 100 ms.</param>
    public FreezeWatch(SteadyClock clock, TimeSpan tolerance)
        : this(clock, tolerance, ReadUptime, GC.GetTotalPauseDuration)
    {
    }

    /// <summary>Starts watching, with given sources.</summary>
    /// <param name="clock">The clock.</param>
    /// <param name="tolerance">The shortest pause that counts as an outage.</param>
    /// <param name="sinceBoot">The machine's uptime, which includes the time it was suspended.</param>
    /// <param name="gcPaused">The total time that garbage collection has paused the process.</param>
    internal FreezeWatch(SteadyClock clock, TimeSpan tolerance, Func<TimeSpan?> sinceBoot, Func<TimeSpan> gcPaused)
    {
        this.clock = clock;
        this.tolerance = tolerance;
        this.sinceBoot = sinceBoot;
        this.gcPaused = gcPaused;
        startedAt = lastTimestamp = lastTickAt = clock.GetTimestamp();
        suspended = Suspended();
        lastGcPaused = gcPaused();
        period = tolerance / 4;
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
    public Patience Patience()
    {
        lock (gate)
        {
            return patience;
        }
    }

    /// <summary>The worst of the last ten seconds.</summary>
    public NodeStrain Strain()
    {
        lock (gate)
        {
            return strain.Worst(clock.GetElapsedTime(startedAt));
        }
    }

    /// <inheritdoc />
    public void Observe(TimeSpan schedulerLag, TimeSpan journalLatency)
    {
        lock (gate)
        {
            AddStrain(new NodeStrain { SchedulerLag = schedulerLag, JournalLatency = journalLatency });
        }
    }

    /// <inheritdoc />
    public void Dispose() => timer.Dispose();

    private void Tick()
    {
        lock (gate)
        {
            MeasureStrain();
            LookForPause();
            var now = Suspended();
            if (now - suspended > tolerance)
            {
                lastOutageEndedAt = clock.GetUtcNow();
            }

            suspended = now ?? suspended;
        }
    }

    private void MeasureStrain()
    {
        var sinceLastTick = clock.GetElapsedTime(lastTickAt);
        var paused = gcPaused();
        AddStrain(new NodeStrain
        {
            TimerLag = sinceLastTick - period,
            MissedTimers = Math.Max(0, (int)(sinceLastTick / period) - 1),
            GcPause = paused - lastGcPaused,
        });
        lastTickAt = clock.GetTimestamp();
        lastGcPaused = paused;
    }

    private void AddStrain(NodeStrain measured)
    {
        var at = clock.GetElapsedTime(startedAt);
        strain.Add(measured, at);
        patience = Domain.Nodes.Patience.Of(strain.Worst(at));
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
