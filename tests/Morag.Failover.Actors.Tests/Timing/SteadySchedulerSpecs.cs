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
