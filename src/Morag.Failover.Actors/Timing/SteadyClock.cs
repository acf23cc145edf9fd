namespace Morag.Failover.Actors.Timing;

/// <summary>
/// The clock that every duration of this process is measured on: the wall clock as it was when the process started, plus the monotonic
/// time since then. It never steps. When the wall clock does, <see cref="Follow"/> notices, and this clock then moves towards the wall
/// clock by at most 1 % of the time that passes, as NTP slews a clock: no duration is off by more than that, and the times that people
/// read become right again.
/// </summary>
public sealed class SteadyClock : TimeProvider
{
    /// <summary>How often <see cref="Follow"/> expects to be called.</summary>
    public static readonly TimeSpan FollowInterval = TimeSpan.FromSeconds(1);

    /// <summary>A change of the wall clock against the monotonic one from which it counts as a step. NTP slews what is smaller.</summary>
    public static readonly TimeSpan SmallestStep = TimeSpan.FromMilliseconds(500);

    private const double MaxSlew = 0.01;

    /// <summary>Two readings of different clocks that are further apart than this say nothing: the thread was interrupted between them.</summary>
    private static readonly TimeSpan LongestReading = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider source;
    private readonly Lock gate = new();
    private Anchor anchor;
    private ClockReading reading;
    private DateTimeOffset lastWall;

    /// <summary>A clock that begins at the wall clock of <paramref name="source"/> and runs by its timestamps.</summary>
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

    /// <summary>What the last <see cref="Follow"/> found.</summary>
    public ClockReading Reading => Volatile.Read(ref reading);

    /// <inheritdoc />
    public override DateTimeOffset GetUtcNow() => At(Volatile.Read(ref anchor), source.GetTimestamp());

    /// <inheritdoc />
    public override long GetTimestamp() => source.GetTimestamp();

    /// <inheritdoc />
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        source.CreateTimer(callback, state, dueTime, period);

    /// <summary>Compares with the wall clock, and sets how fast this clock moves towards it. Gives the step that the wall clock made since the last call, if it did.</summary>
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

        // When nobody follows any more, the slew ends where it would have met the wall clock.
        var slewed = elapsed < FollowInterval ? elapsed : FollowInterval;
        return from.Time + elapsed + (slewed * from.Slew);
    }

    /// <summary>From this timestamp on the clock runs from this time.</summary>
    private sealed record Anchor(long Timestamp, DateTimeOffset Time, double Slew);
}

/// <summary>A step of the wall clock.</summary>
/// <param name="By">How far it went: positive forward, negative back.</param>
/// <param name="NoticedAt">When it was noticed, on the steady clock.</param>
public sealed record ClockStep(TimeSpan By, DateTimeOffset NoticedAt);

/// <summary>How the wall clock of this node stands against its steady one.</summary>
/// <param name="WallClockAhead">How far the wall clock is ahead; negative where it is behind.</param>
/// <param name="Steps">How many steps it made since the process started.</param>
/// <param name="LastStep">The last of them.</param>
public sealed record ClockReading(TimeSpan WallClockAhead, int Steps, ClockStep? LastStep);
