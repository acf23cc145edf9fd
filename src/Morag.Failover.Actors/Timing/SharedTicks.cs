namespace Morag.Failover.Actors.Timing;

/// <summary>
/// What repeats at the same interval, on one timer. Dozens of timers that each wake the process at a moment of its own cost an idle node more
/// than what they do. Only the first tick of each is moved: it comes early, by less than one interval.
/// </summary>
internal sealed class SharedTicks
{
    /// <summary>Shorter intervals have timers of their own.</summary>
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(200);

    /// <summary>More than this on one timer would be a burst of work at each tick.</summary>
    public const int Most = 50;

    private readonly TimeProvider clock;
    private readonly TimeSpan interval;
    private readonly Lock gate = new();
    private readonly List<Member> members = [];
    private ITimer? timer;
    private bool over;

    public SharedTicks(TimeProvider clock, TimeSpan interval)
    {
        this.clock = clock;
        this.interval = interval;
    }

    /// <summary>Whether something that is first due after this delay can share a timer: nothing comes late by it.</summary>
    public static bool CanShare(TimeSpan delay, TimeSpan interval) => interval >= ShortestInterval && delay >= interval;

    /// <summary>Adds what is done at each tick until the result is disposed; it must not wait or throw. Null when this timer is full or has ended.</summary>
    public IDisposable? TryAdd(Action tick, TimeSpan delay)
    {
        lock (gate)
        {
            if (over || members.Count == Most)
            {
                return null;
            }

            var member = new Member(this, tick, clock.GetTimestamp(), delay - interval);
            members.Add(member);
            timer ??= clock.CreateTimer(static self => ((SharedTicks)self!).Tick(), this, interval, interval);
            return member;
        }
    }

    private void Tick()
    {
        Member[] due;
        lock (gate)
        {
            due = [.. members.Where(member => member.IsDue)];
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
            if (members.Remove(member) && members.Count == 0)
            {
                over = true;
                timer?.Dispose();
            }
        }
    }

    private sealed class Member(SharedTicks ticks, Action tick, long addedAt, TimeSpan sleeps) : IDisposable
    {
        private bool awake;

        /// <summary>Whether less than one interval is left until it is due for the first time, or it has been.</summary>
        public bool IsDue => awake = awake || ticks.clock.GetElapsedTime(addedAt) > sleeps;

        public void Tick() => tick();

        public void Dispose() => ticks.Remove(this);
    }
}
