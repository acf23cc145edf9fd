namespace Morag.Failover.Actors.Timing;

/// <summary>
/// What repeats at the same interval and in the same phase, on one timer. Dozens of timers that each wake the process at a moment of
/// their own cost an idle node more than what they do. Only the phase of each is moved: its first tick comes up to one
/// <see cref="Grain"/> late, and never early, since it may be a time-out.
/// </summary>
/// <param name="clock">The monotonic clock that ticks are due on.</param>
/// <param name="interval">The time from one tick to the next.</param>
/// <param name="ended">Called once when the last that repeats has been removed.</param>
internal sealed class SharedTicks(TimeProvider clock, TimeSpan interval, Action<SharedTicks> ended)
{
    /// <summary>Shorter intervals have timers of their own.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>More than this on one timer would be a burst of work at each tick.</summary>
    public const int Most = 50;

    private static readonly TimeSpan LargestGrain = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private readonly List<Member> members = [];
    private ITimer? timer;
    private TimeSpan next;
    private bool over;

    /// <summary>Whether something that is first due after this delay can share a timer.</summary>
    public static bool CanShare(TimeSpan delay, TimeSpan interval) => interval >= ShortestInterval && delay >= interval;

    /// <summary>
    /// The moments at which ticks are due are multiples of this, half of the interval and at most 500 ms, so that different
    /// intervals wake the process at the same moments.
    /// </summary>
    public static TimeSpan Grain(TimeSpan interval) => interval / 2 < LargestGrain ? interval / 2 : LargestGrain;

    /// <summary>The moment of the first tick, on the monotonic clock: the first multiple of the grain at which the delay is over.</summary>
    public static TimeSpan FirstTick(TimeProvider clock, TimeSpan delay, TimeSpan interval)
    {
        var (due, grain) = ((Now(clock) + delay).Ticks, Grain(interval).Ticks);
        return TimeSpan.FromTicks((due + grain - 1) / grain * grain);
    }

    /// <summary>How long after a multiple of the interval a tick is due: what is equal here and in the interval can share.</summary>
    public static TimeSpan Phase(TimeSpan firstTick, TimeSpan interval) => TimeSpan.FromTicks(firstTick.Ticks % interval.Ticks);

    /// <summary>
    /// Adds what is done at each tick from <paramref name="firstTick"/> on, until the result is disposed; it must not wait or throw. Null
    /// when this timer is full or has ended.
    /// </summary>
    public IDisposable? TryAdd(Action tick, TimeSpan firstTick)
    {
        lock (gate)
        {
            if (over || members.Count == Most)
            {
                return null;
            }

            if (timer is null)
            {
                var now = Now(clock);
                next = firstTick - WholeIntervals(firstTick - now);
                var delay = SteadyScheduler.NotEarly(next - now);
                timer = clock.CreateTimer(static self => ((SharedTicks)self!).Tick(), this, delay, Timeout.InfiniteTimeSpan);
            }

            var member = new Member(this, tick, firstTick);
            members.Add(member);
            return member;
        }
    }

    private static TimeSpan Now(TimeProvider clock) => clock.GetElapsedTime(0, clock.GetTimestamp());

    private TimeSpan WholeIntervals(TimeSpan time) => TimeSpan.FromTicks(time.Ticks / interval.Ticks * interval.Ticks);

    private void Tick()
    {
        Member[] due;
        lock (gate)
        {
            if (over)
            {
                return;
            }

            var now = Now(clock);
            if (now < next)
            {
                timer!.Change(SteadyScheduler.NotEarly(next - now), Timeout.InfiniteTimeSpan);
                return;
            }

            // Ticks that were missed while the process stood still are not made up for.
            var moment = next + WholeIntervals(now - next);
            next = moment + interval;
            timer!.Change(SteadyScheduler.NotEarly(next - now), Timeout.InfiniteTimeSpan);
            due = [.. members.Where(member => member.FirstTick <= moment)];
        }

        foreach (var member in due)
        {
            member.Tick();
        }
    }

    private void Remove(Member member)
    {
        lock (gate)
        {
            if (!members.Remove(member) || members.Count > 0)
            {
                return;
            }

            over = true;
            timer?.Dispose();
        }

        ended(this);
    }

    private sealed class Member(SharedTicks ticks, Action tick, TimeSpan firstTick) : IDisposable
    {
        public TimeSpan FirstTick => firstTick;

        public void Tick() => tick();

        public void Dispose() => ticks.Remove(this);
    }
}
