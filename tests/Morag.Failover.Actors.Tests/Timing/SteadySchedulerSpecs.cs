using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using CsCheck;
using Morag.Failover.Actors.Timing;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Timing;

public sealed class SteadySchedulerSpecs : TestKit
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly StepTime machine = new();
    private readonly IScheduler scheduler;
    private readonly TestProbe probe;

    public SteadySchedulerSpecs(ITestOutputHelper output)
        : base(output: output)
    {
        scheduler = new SteadyScheduler(Config.Empty, Sys.Log, new SteadyClock(machine));
        probe = CreateTestProbe();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Should_tell_when_the_delay_has_passed_and_not_before_when_the_wall_clock_steps(int direction)
    {
        scheduler.ScheduleTellOnce(Minute, probe, "now", TestActor);

        machine.Step(TimeSpan.FromHours(direction));
        machine.Pass(Minute);
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
        machine.Pass(StepTime.Resolution);

        await probe.ExpectMsgAsync("now");
    }

    [Fact]
    public async Task Should_tell_at_each_interval_until_it_is_cancelled_when_it_tells_repeatedly()
    {
        using var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, probe, "again", TestActor, cancelable);

        machine.Pass((Minute * 3) + StepTime.Resolution);
        Assert.Equal(["again", "again", "again"], await probe.ReceiveNAsync(3, CancellationToken.None).ToListAsync());
        cancelable.Cancel();
        machine.Pass(Minute * 3);

        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public void Should_never_tell_before_the_delay_is_over_whatever_else_repeats()
    {
        var intervals = Gen.OneOf(Gen.Const(200), Gen.Const(1_000), Gen.Const(1_100), Gen.Const(3_000));
        var message = Gen.Select(Gen.Int[0, 10_000], Gen.Int[4, 20], intervals).Select((pause, delay, interval) =>
            (Pause: Milliseconds(pause), Delay: Milliseconds(delay * interval / 4), Interval: Milliseconds(interval)));

        message.List[1, 30].Sample(messages =>
        {
            var time = new StepTime();
            ITellScheduler steady = new SteadyScheduler(Config.Empty, Sys.Log, new SteadyClock(time));
            var told = messages.ConvertAll(message =>
            {
                time.Pass(message.Pause);
                var recorder = new Recorder(time);
                steady.ScheduleTellRepeatedly(message.Delay, message.Interval, recorder, "now", TestActor);
                return (message.Delay, message.Interval, Asked: time.Elapsed, recorder.At);
            });

            time.Pass(Milliseconds(30_000));
            foreach (var (delay, interval, asked, at) in told)
            {
                var late = at[0] - asked - delay;
                Assert.InRange(late, TimeSpan.Zero, SharedTicks.Grain(interval) + StepTime.Resolution);
                var drift = at[^1] - at[0] - ((at.Count - 1) * interval);
                Assert.InRange(drift, -StepTime.Resolution, StepTime.Resolution);
            }
        }, iter: 200);
    }

    [Fact]
    public void Should_use_one_timer_for_all_that_repeat_at_one_interval_and_are_due_at_about_the_same_time()
    {
        machine.Pass(Milliseconds(100));
        for (var i = 0; i < 10; i++)
        {
            scheduler.ScheduleTellRepeatedly(Minute * (1 + (i % 3)), Minute, probe, i, TestActor);
            machine.Pass(Milliseconds(10));
        }

        Assert.Equal(1, machine.TimersMade);
    }

    [Fact]
    public async Task Should_tick_at_once_when_the_first_tick_is_due_before_the_timer_is_made()
    {
        var ticks = new SharedTicks(machine, Minute, _ => { });
        var first = SharedTicks.FirstTick(machine, Minute, Minute);
        machine.Freeze(Minute * 1.5);

        using var member = ticks.TryAdd(() => probe.Tell("now"), first);
        machine.Pass(StepTime.Resolution);

        await probe.ExpectMsgAsync("now");
    }

    [Fact]
    public async Task Should_never_tick_early_on_the_timers_of_the_runtime()
    {
        IScheduler real = new SteadyScheduler(Config.Empty, Sys.Log, new SteadyClock(TimeProvider.System));
        var early = new ConcurrentBag<TimeSpan>();
        using var all = new CountdownEvent(400);
        for (var i = 0; i < 200; i++)
        {
            var (once, repeated) = (TimeSpan.FromTicks(100_000 + (i * 7_919)), TimeSpan.FromTicks(2_000_000 + (i * 7_919)));
            real.Advanced.ScheduleOnce(once, Ticked(once));
            real.ScheduleTellRepeatedly(repeated, Milliseconds(200), new Told(Ticked(repeated)), "now", TestActor);
        }

        Assert.True(await Task.Run(() => all.Wait(TimeSpan.FromSeconds(30))));
        ((IDisposable)real).Dispose();
        Assert.Empty(early);

        Action Ticked(TimeSpan delay)
        {
            var asked = Stopwatch.GetTimestamp();
            var first = 0;
            return () =>
            {
                if (Interlocked.Exchange(ref first, 1) == 1)
                {
                    return;
                }

                var elapsed = Stopwatch.GetElapsedTime(asked);
                if (elapsed < delay)
                {
                    early.Add(elapsed - delay);
                }

                all.Signal();
            };
        }
    }

    [Fact]
    public async Task Should_tell_once_and_then_go_on_in_the_same_phase_when_the_process_stood_still_for_several_intervals()
    {
        scheduler.ScheduleTellRepeatedly(Minute, Minute, probe, "again", TestActor);

        machine.Freeze(Minute * 3.5);
        machine.Pass(StepTime.Resolution);
        await probe.ExpectMsgAsync("again");
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
        machine.Pass((Minute / 2) - (2 * StepTime.Resolution));
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
        machine.Pass(2 * StepTime.Resolution);

        await probe.ExpectMsgAsync("again");
    }

    [Fact]
    public async Task Should_tell_only_those_that_are_not_cancelled_when_they_share_a_timer()
    {
        var second = CreateTestProbe();
        using var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, probe, "one", TestActor);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, second, "two", TestActor, cancelable);

        cancelable.Cancel();
        machine.Pass(Minute + StepTime.Resolution);

        await probe.ExpectMsgAsync("one");
        await second.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_tell_everybody_when_more_repeat_than_one_timer_takes_and_when_all_of_one_have_ended()
    {
        using var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, CreateTestProbe(), "ends", TestActor, cancelable);
        cancelable.Cancel();
        var many = Enumerable.Range(0, (3 * SharedTicks.Most) + 1).ToList();
        many.ForEach(number => scheduler.ScheduleTellRepeatedly(Minute, Minute, probe, number, TestActor));

        machine.Pass(Minute + StepTime.Resolution);

        Assert.Equal(many, (await probe.ReceiveNAsync(many.Count, CancellationToken.None).ToListAsync()).Cast<int>().Order());
        ((IDisposable)scheduler).Dispose();
        machine.Pass(Minute);
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_do_nothing_more_when_it_is_disposed()
    {
        scheduler.ScheduleTellOnce(Minute, probe, "now", TestActor);
        ((IDisposable)scheduler).Dispose();
        scheduler.ScheduleTellOnce(Minute, probe, "now", TestActor);

        machine.Pass(Minute * 2);

        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_go_on_with_the_rest_when_an_action_throws()
    {
        scheduler.Advanced.ScheduleOnce(Minute, () => throw new InvalidOperationException("on purpose"));
        scheduler.ScheduleTellOnce(Minute, probe, "now", TestActor);

        await EventFilter.Exception<InvalidOperationException>().ExpectOneAsync(() =>
        {
            machine.Pass(Minute + StepTime.Resolution);
            return Task.CompletedTask;
        });

        await probe.ExpectMsgAsync("now");
    }

    [Fact]
    public void Should_have_the_steady_time_when_the_wall_clock_steps()
    {
        var before = scheduler.Now;

        machine.Step(TimeSpan.FromHours(-1));
        machine.Pass(Minute);

        Assert.Equal((before + Minute, Minute), (scheduler.Now, scheduler.MonotonicClock));
    }

    private static TimeSpan Milliseconds(int count) => TimeSpan.FromMilliseconds(count);

    private sealed class Told(Action told) : ICanTell
    {
        public void Tell(object message, IActorRef sender) => told();
    }

    private sealed class Recorder(StepTime time) : ICanTell
    {
        public List<TimeSpan> At { get; } = [];

        public void Tell(object message, IActorRef sender) => At.Add(time.Elapsed);
    }
}
