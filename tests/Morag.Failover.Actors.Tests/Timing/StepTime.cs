namespace Morag.Failover.Actors.Tests.Timing;

/// <summary>The two clocks of a machine: <see cref="Pass"/> moves both, and <see cref="Step"/> sets the wall clock alone.</summary>
internal sealed class StepTime : TimeProvider
{
    private readonly List<Timer> timers = [];
    private DateTimeOffset wall = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private long ticks;

    /// <summary>How much time passes between two looks at the timers.</summary>
    public static TimeSpan Resolution { get; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The monotonic time since the beginning.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(ticks);

    /// <summary>How many timers there have ever been.</summary>
    public int TimersMade => timers.Count;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => wall;

    public override long GetTimestamp() => ticks;

    /// <summary>Someone sets the wall clock.</summary>
    public void Step(TimeSpan by) => wall += by;

    /// <summary>The machine is suspended: the wall clock alone goes on.</summary>
    public void Suspend(TimeSpan time) => wall += time;

    /// <summary>Time passes without a tick of any timer: the process is frozen.</summary>
    public void Freeze(TimeSpan time)
    {
        wall += time;
        ticks += time.Ticks;
    }

    /// <summary>Time passes, a tenth of a second at a time, and timers tick.</summary>
    public void Pass(TimeSpan time)
    {
        for (var left = time; left > TimeSpan.Zero; left -= Resolution)
        {
            Freeze(left < Resolution ? left : Resolution);
            timers.ToList().ForEach(timer => timer.TickWhenDue(ticks));
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        timers.Add(timer);
        return timer;
    }

    private sealed class Timer(StepTime machine, Action tick) : ITimer
    {
        private long? dueAt;
        private TimeSpan every;
        private bool disposed;

        public void TickWhenDue(long now)
        {
            if (!disposed && dueAt <= now)
            {
                dueAt = every == Timeout.InfiniteTimeSpan ? null : now + every.Ticks;
                tick();
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            dueAt = dueTime == Timeout.InfiniteTimeSpan ? null : machine.ticks + dueTime.Ticks;
            every = period;
            return !disposed;
        }

        public void Dispose() => disposed = true;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
