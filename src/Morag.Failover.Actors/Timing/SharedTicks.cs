namespace Morag.Failover.Actors.Timing;

/// <summary>
/// Runs everything that repeats at the same interval and phase on one timer. Dozens of timers that each wake the process separately cost an
/// idle node more than their work. Sharing only delays the first tick, by up to one <see cref="Grain"/>. It is never early, because it may
/// be a timeout.
/// </summary>
/// <param name="clock">The monotonic clock.</param>
/// <param name="interval">The time between ticks.</param>
/// <param name="ended">Called once, when the last member has been removed.</param>
internal sealed class SharedTicks(TimeProvider clock, TimeSpan interval, Action<SharedTicks> ended)
{
    /// <summary>Shorter intervals are not shared.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>The most members of one timer. More would cause a burst of work at each tick.</summary>
    public const int Most = 50;

    private static readonly TimeSpan LargestGrain = TimeSpan.FromMilliseconds(500);

    private readonly Lock gate = new();
    private readonly List<Member> members = [];
    private ITimer? timer;
    private TimeSpan next;
    private bool over;

    /// <summary>Whether a repetition with this first delay and interval can share a timer.</summary>
    public static bool CanShare(TimeSpan delay, TimeSpan interval) => interval >= ShortestInterval && delay >= interval;

    /// <summary>
    /// Ticks are due at multiples of this: half of the interval, at most 500 ms. So different intervals wake the process at the same
    /// moments.
    /// </summary>
    public static TimeSpan Grain(TimeSpan interval) => interval / 2 < LargestGrain ? interval / 2 : LargestGrain;

    /// <summary>The monotonic time of the first tick: the first multiple of the grain after the delay.</summary>
    public static TimeSpan FirstTick(TimeProvider clock, TimeSpan delay, TimeSpan interval)
    {
        var (due, grain) = ((Now(clock) + delay).Ticks, Grain(interval).Ticks);
        return TimeSpan.FromTicks((due + grain - 1) / grain * grain);
    }

    /// <summary>The offset of the ticks from multiples of the interval. Repetitions with equal interval and phase can share.</summary>
    public static TimeSpan Phase(TimeSpan firstTick, TimeSpan interval) => TimeSpan.FromTicks(firstTick.Ticks % interval.Ticks);

    /// <summary>
    /// Adds an action for each tick from <paramref name="firstTick"/> on, until the result is disposed. The action must not wait or throw.
    /// Returns null if this timer is full or has ended.
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

            // Ticks that were missed while the process was frozen are skipped.
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
