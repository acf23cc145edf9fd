namespace Morag.Failover.Actors.Timing;

/// <summary>
/// The clock that measures every duration in this process: the wall clock at the start of the process plus the monotonic time since then.
/// It never steps. When the wall clock steps, <see cref="Follow"/> detects it, and this clock slews towards the wall clock by at most 1 %
/// of elapsed time, as NTP does. So no duration is off by more than 1 %, and displayed times become correct again.
/// </summary>
public sealed class SteadyClock : TimeProvider
{
    /// <summary>The interval at which <see cref="Follow"/> must be called.</summary>
    public static readonly TimeSpan FollowInterval = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The smallest change of the wall clock, relative to the monotonic clock, that counts as a step. NTP slews smaller changes.
    /// </summary>
    public static readonly TimeSpan SmallestStep = TimeSpan.FromMilliseconds(500);

    private const double MaxSlew = 0.01;

    /// <summary>Two clock readings further apart than this are discarded, because the thread was interrupted between them.</summary>
    private static readonly TimeSpan LongestReading = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider source;
    private readonly Lock gate = new();
    private Anchor anchor;
    private ClockReading reading;
    private DateTimeOffset lastWall;

    /// <summary>Creates a clock that starts at the wall clock of <paramref name="source"/> and runs by its timestamps.</summary>
    public SteadyClock(TimeProvider source)
    {
        this.source = source;
        lastWall = source.GetUtcNow();
        anchor = new Anchor(source.GetTimestamp(), lastWall, Slew: 0);
        reading = new ClockReading(TimeSpan.Zero, Steps: 0, LastStep: null);
    }

    /// <summary>The clock of this process.</summary>
    public static SteadyClock OfProcess { get; } = new(System);

    /// <inheritdoc />
    public override long TimestampFrequency => source.TimestampFrequency;

    /// <inheritdoc />
    public override TimeZoneInfo LocalTimeZone => source.LocalTimeZone;

    /// <summary>The result of the last <see cref="Follow"/>.</summary>
    public ClockReading Reading => Volatile.Read(ref reading);

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => At(Volatile.Read(ref anchor), source.GetTimestamp());

    /// <inheritdoc />
    public override long GetTimestamp() => source.GetTimestamp();

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        source.CreateTimer(callback, state, dueTime, period);

    /// <summary>
    /// Compares this clock with the wall clock and adjusts the slew. Returns the step of the wall clock since the last call, if any.
    /// </summary>
    public ClockStep? Follow()
    {
        lock (gate)
        {
            var timestamp = source.GetTimestamp();
            var wall = source.GetUtcNow();
            if (source.GetElapsedTime(timestamp) > LongestReading)
            {
                return null;
            }

            var steady = At(anchor, timestamp);
            var ahead = wall - steady;
            var moved = wall - lastWall - source.GetElapsedTime(anchor.Timestamp, timestamp);
            var step = moved.Duration() >= SmallestStep ? new ClockStep(moved, steady) : null;
            var slew = Math.Clamp(ahead / FollowInterval, -MaxSlew, MaxSlew);

            lastWall = wall;
            Volatile.Write(ref anchor, new Anchor(timestamp, steady, slew));
            Volatile.Write(ref reading, new ClockReading(ahead, reading.Steps + (step is null ? 0 : 1), step ?? reading.LastStep));
            return step;
        }
    }

    private DateTimeOffset At(Anchor from, long timestamp)
    {
        var elapsed = source.GetElapsedTime(from.Timestamp, timestamp);

        // If Follow is no longer called, the slew ends after one interval, where it would have met the wall clock.
        var slewed = elapsed < FollowInterval ? elapsed : FollowInterval;
        return from.Time + elapsed + (slewed * from.Slew);
    }

    /// <summary>A timestamp, the time of the clock at it, and the slew from then on.</summary>
    private sealed record Anchor(long Timestamp, DateTimeOffset Time, double Slew);
}

/// <summary>A step of the wall clock.</summary>
/// <param name="By">The size of the step: positive forward, negative back.</param>
/// <param name="NoticedAt">When it was detected, on the steady clock.</param>
public sealed record ClockStep(TimeSpan By, DateTimeOffset NoticedAt);

/// <summary>The difference between the wall clock of this node and its steady clock.</summary>
/// <param name="WallClockAhead">How far the wall clock is ahead; negative if it is behind.</param>
/// <param name="Steps">The number of steps since the process started.</param>
/// <param name="LastStep">The last step.</param>
public sealed record ClockReading(TimeSpan WallClockAhead, int Steps, ClockStep? LastStep);
