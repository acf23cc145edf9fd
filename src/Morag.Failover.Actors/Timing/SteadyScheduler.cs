using System.Collections.Concurrent;
using Akka.Configuration;
using Akka.Dispatch;

namespace Morag.Failover.Actors.Timing;

/// <summary>
/// The scheduler of a node's actor system, based on the <see cref="SteadyClock"/>, so that code that reads the time from the scheduler does
/// not see the wall clock step. It uses the timers of the runtime, which cause no wake-ups while nothing is due; Akka.NET's own scheduler
/// wakes up 100 times per second. Set in <c>akka.scheduler.implementation</c>.
/// </summary>
public sealed class SteadyScheduler : SchedulerBase, IDateTimeOffsetNowTimeProvider, IDisposable
{
    private readonly SteadyClock clock;
    private readonly long startedAt;
    private readonly ConcurrentDictionary<Scheduled, bool> pending = new();
    private readonly ConcurrentDictionary<(TimeSpan Interval, TimeSpan Phase), SharedTicks> shared = new();
    private volatile bool stopped;

    /// <summary>Called by the actor system.</summary>
    public SteadyScheduler(Config config, ILoggingAdapter log)
        : this(config, log, SteadyClock.OfProcess)
    {
    }

    internal SteadyScheduler(Config config, ILoggingAdapter log, SteadyClock clock)
        : base(config, log)
    {
        this.clock = clock;
        startedAt = clock.GetTimestamp();
    }

    /// <inheritdoc />
    public override TimeSpan MonotonicClock => clock.GetElapsedTime(startedAt);

    /// <inheritdoc />
    public override TimeSpan HighResMonotonicClock => MonotonicClock;

    /// <inheritdoc />
    protected override DateTimeOffset TimeNow => clock.GetUtcNow();

    /// <summary>Drops everything pending. The actor system has stopped.</summary>
    public void Dispose()
    {
        stopped = true;
        foreach (var scheduled in pending.Keys)
        {
            scheduled.Drop();
        }
    }

    /// <summary>
    /// The delay to set on a timer of the runtime, so that it seldom ticks early: the runtime drops fractions of a millisecond, and its
    /// clock moves in steps of up to 4 ms. The caller must wait again after a tick that is early anyway.
    /// </summary>
    internal static TimeSpan NotEarly(TimeSpan delay) =>
        delay <= TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Ceiling(delay.TotalMilliseconds) + 1);

    /// <inheritdoc />
    protected override void InternalScheduleTellOnce(
        TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Start(() => receiver.Tell(message, sender), delay, Timeout.InfiniteTimeSpan, cancelable);

    /// <inheritdoc />
    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable cancelable) =>
        Start(
            () => receiver.Tell(message, sender), initialDelay, interval, cancelable, shares: SharedTicks.CanShare(initialDelay, interval));

    /// <inheritdoc />
    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable cancelable) =>
        Start(action, delay, Timeout.InfiniteTimeSpan, cancelable);

    /// <inheritdoc />
    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable cancelable) =>
        Start(action.Run, delay, Timeout.InfiniteTimeSpan, cancelable);

    /// <inheritdoc />
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable cancelable) =>
        Start(action, initialDelay, interval, cancelable);

    /// <inheritdoc />
    protected override void InternalScheduleRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable cancelable) =>
        Start(action.Run, initialDelay, interval, cancelable);

    private void Start(Action action, TimeSpan delay, TimeSpan interval, ICancelable? cancelable, bool shares = false)
    {
        if (cancelable?.IsCancellationRequested == true)
        {
            return;
        }

        var scheduled = new Scheduled(this, action, interval == Timeout.InfiniteTimeSpan);
        if (shares)
        {
            scheduled.StartShared(delay, interval, cancelable);
        }
        else
        {
            scheduled.Start(delay, interval, cancelable);
        }
    }

    /// <summary>Shares a timer. Only for messages: sending takes no time, while an action could delay the others on its timer.</summary>
    private IDisposable Share(Action tick, TimeSpan delay, TimeSpan interval)
    {
        var first = SharedTicks.FirstTick(clock, delay, interval);
        var key = (interval, SharedTicks.Phase(first, interval));
        while (true)
        {
            var ticks = shared.GetOrAdd(key, _ => new SharedTicks(clock, interval, ended => shared.TryRemove(new(key, ended))));
            if (ticks.TryAdd(tick, first) is { } member)
            {
                return member;
            }

            shared.TryRemove(new(key, ticks));
        }
    }

    /// <summary>A scheduled action, once or repeated. It ends when it is done or cancelled, or with the scheduler.</summary>
    private sealed class Scheduled(SteadyScheduler scheduler, Action action, bool once)
    {
        private IDisposable? timer;
        private long startedAt;
        private TimeSpan firstAfter;
        private TimeSpan every;
        private CancellationTokenRegistration cancellation;
        private volatile bool over;

        public void Start(TimeSpan delay, TimeSpan interval, ICancelable? cancelable)
        {
            scheduler.pending.TryAdd(this, true);
            var own = scheduler.clock.CreateTimer(
                static self => ((Scheduled)self!).TickUnlessEarly(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            Interlocked.Exchange(ref timer, own);
            EndWith(cancelable);
            if (over || scheduler.stopped)
            {
                Drop();
                return;
            }

            // Starts last, because a tick ends what is set up above.
            (startedAt, firstAfter, every) = (scheduler.clock.GetTimestamp(), delay, interval);
            own.Change(NotEarly(delay), interval);
        }

        public void StartShared(TimeSpan delay, TimeSpan interval, ICancelable? cancelable)
        {
            scheduler.pending.TryAdd(this, true);
            EndWith(cancelable);
            Interlocked.Exchange(ref timer, scheduler.Share(Tick, delay, interval));
            if (over || scheduler.stopped)
            {
                Drop();
            }
        }

        public void Drop()
        {
            over = true;

            // With the barrier, either Start sees that this is over, or this sees the timer.
            Interlocked.MemoryBarrier();
            scheduler.pending.TryRemove(this, out _);
            timer?.Dispose();
            cancellation.Unregister();
        }

        private void EndWith(ICancelable? cancelable)
        {
            if (cancelable is not null)
            {
                cancellation = cancelable.Token.UnsafeRegister(static self => ((Scheduled)self!).Drop(), this);
            }
        }

        private void TickUnlessEarly()
        {
            var left = firstAfter - scheduler.clock.GetElapsedTime(startedAt);
            if (left > TimeSpan.Zero)
            {
                ((ITimer?)timer)?.Change(NotEarly(left), every);
                return;
            }

            Tick();
        }

        private void Tick()
        {
            if (over || scheduler.stopped)
            {
                return;
            }

            if (once)
            {
                Drop();
            }

            try
            {
                action();
            }
#pragma warning disable CA1031 // What is scheduled belongs to others: none of it may end the timers of the rest, or the process.
            catch (Exception failure)
#pragma warning restore CA1031
            {
                scheduler.Log.Error(failure, "A scheduled action failed");
            }
        }
    }
}
