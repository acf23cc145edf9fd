using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
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
        machine.Pass(Minute - TimeSpan.FromMilliseconds(100));
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
        machine.Pass(TimeSpan.FromMilliseconds(100));

        await probe.ExpectMsgAsync("now");
    }

    [Fact]
    public async Task Should_tell_at_each_interval_until_it_is_cancelled_when_it_tells_repeatedly()
    {
        using var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, probe, "again", TestActor, cancelable);

        machine.Pass(Minute * 3);
        Assert.Equal(["again", "again", "again"], await probe.ReceiveNAsync(3, CancellationToken.None).ToListAsync());
        cancelable.Cancel();
        machine.Pass(Minute * 3);

        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_tell_all_of_one_interval_together_and_each_only_as_often_as_it_asked()
    {
        var second = CreateTestProbe();
        using var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, probe, "one", TestActor);
        machine.Pass(Minute / 2);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, second, "two", TestActor, cancelable);
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);

        machine.Pass(Minute / 2);
        await probe.ExpectMsgAsync("one");
        await second.ExpectMsgAsync("two");
        machine.Pass(Minute);
        await probe.ExpectMsgAsync("one");
        await second.ExpectMsgAsync("two");

        cancelable.Cancel();
        machine.Pass(Minute);
        await probe.ExpectMsgAsync("one");
        await second.ExpectNoMsgAsync(TimeSpan.Zero);
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(1, 3)]
    public async Task Should_tell_for_the_first_time_when_the_delay_is_over_and_not_an_interval_earlier(int delay, int interval)
    {
        scheduler.ScheduleTellRepeatedly(Minute * interval, Minute * interval, CreateTestProbe(), "other", TestActor);
        machine.Pass(Minute / 2);
        scheduler.ScheduleTellRepeatedly(Minute * delay, Minute * interval, probe, "now", TestActor);

        machine.Pass(Minute * (delay - interval));
        await probe.ExpectNoMsgAsync(TimeSpan.Zero);
        machine.Pass((Minute * delay) - (Minute * Math.Max(0, delay - interval)));
        await probe.ExpectMsgAsync("now");
    }

    [Fact]
    public async Task Should_tell_everybody_when_more_repeat_than_one_timer_takes_and_when_all_of_one_have_ended()
    {
        using var cancelable = new Cancelable(scheduler.Advanced);
        scheduler.ScheduleTellRepeatedly(Minute, Minute, CreateTestProbe(), "ends", TestActor, cancelable);
        cancelable.Cancel();
        var many = Enumerable.Range(0, (3 * SharedTicks.Most) + 1).ToList();
        many.ForEach(number => scheduler.ScheduleTellRepeatedly(Minute, Minute, probe, number, TestActor));

        machine.Pass(Minute);

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
            machine.Pass(Minute);
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
}
