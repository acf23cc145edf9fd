using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Tests.Timing;
using Morag.Failover.Actors.Timing;

namespace Morag.Failover.Actors.Tests.Outages;

public sealed class FreezeWatchSpecs : IDisposable
{
    private readonly StepTime machine = new();
    private readonly SteadyClock clock;
    private readonly FreezeWatch watch;
    private TimeSpan sleptSoFar;

    public FreezeWatchSpecs()
    {
        clock = new SteadyClock(machine);
        watch = new FreezeWatch(clock, TimeSpan.FromSeconds(2), () => clock.GetElapsedTime(0) + sleptSoFar);
    }

    [Fact]
    public void Should_know_of_no_outage_when_its_ticks_come_in_time()
    {
        machine.Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(DateTimeOffset.MinValue, watch.LastOutageEndedAt());
    }

    [Fact]
    public void Should_know_of_an_outage_when_the_process_was_frozen()
    {
        machine.Pass(TimeSpan.FromSeconds(10));
        machine.Freeze(TimeSpan.FromSeconds(2.6));
        var thawed = clock.GetUtcNow();
        machine.Pass(TimeSpan.FromSeconds(10));

        Assert.InRange(watch.LastOutageEndedAt(), thawed, thawed.AddSeconds(0.1));
    }

    [Fact]
    public void Should_know_of_an_outage_before_the_late_tick_when_it_is_asked_first()
    {
        machine.Pass(TimeSpan.FromSeconds(10));
        machine.Freeze(TimeSpan.FromSeconds(2.6));

        Assert.Equal(clock.GetUtcNow(), watch.LastOutageEndedAt());
    }

    [Fact]
    public void Should_know_of_no_outage_when_a_pause_is_within_the_tolerance()
    {
        machine.Pass(TimeSpan.FromSeconds(10));
        machine.Freeze(TimeSpan.FromSeconds(1.4));
        machine.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal(DateTimeOffset.MinValue, watch.LastOutageEndedAt());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void Should_know_of_no_outage_when_the_wall_clock_steps_by_an_hour(int direction)
    {
        machine.Pass(TimeSpan.FromSeconds(10));
        machine.Step(TimeSpan.FromHours(direction));
        machine.Pass(TimeSpan.FromSeconds(10));

        Assert.Equal(DateTimeOffset.MinValue, watch.LastOutageEndedAt());
    }

    [Fact]
    public void Should_know_of_an_outage_when_the_machine_was_suspended()
    {
        machine.Pass(TimeSpan.FromSeconds(10));
        machine.Suspend(TimeSpan.FromHours(1));
        sleptSoFar = TimeSpan.FromHours(1);
        var resumed = clock.GetUtcNow();
        machine.Pass(TimeSpan.FromSeconds(10));

        Assert.InRange(watch.LastOutageEndedAt(), resumed, resumed.AddSeconds(0.6));
    }

    public void Dispose() => watch.Dispose();
}
