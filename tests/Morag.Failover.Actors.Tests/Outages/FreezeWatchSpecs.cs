using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Tests.Timing;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Tests.Outages;

public sealed class FreezeWatchSpecs : IDisposable
{
    private readonly StepTime machine = new();
    private readonly SteadyClock clock;
    private readonly FreezeWatch watch;
    private TimeSpan sleptSoFar;
    private TimeSpan gcPaused;

    public FreezeWatchSpecs()
    {
        clock = new SteadyClock(machine);
        watch = new FreezeWatch(clock, TimeSpan.FromSeconds(2), () => clock.GetElapsedTime(0) + sleptSoFar, () => gcPaused);
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

    [Fact]
    public void Should_have_the_usual_patience_when_its_ticks_come_in_time()
    {
        machine.Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(1, watch.Patience().Factor);
    }

    [Fact]
    public void Should_be_patient_for_ten_seconds_when_a_tick_was_late()
    {
        machine.Pass(TimeSpan.FromSeconds(10));
        machine.Freeze(TimeSpan.FromSeconds(1.4));
        machine.Pass(TimeSpan.FromSeconds(1));

        Assert.Equal((1.75, "timers ran 1 s late"), (watch.Patience().Factor, watch.Patience().Reason));
        machine.Pass(TimeSpan.FromSeconds(11));
        Assert.Equal(default, watch.Patience());
    }

    [Fact]
    public void Should_be_patient_when_garbage_collection_the_scheduler_or_the_journal_is_slow()
    {
        machine.Pass(TimeSpan.FromSeconds(10));
        gcPaused += TimeSpan.FromSeconds(1.25);
        machine.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal("garbage collection paused the node for 1.25 s", watch.Patience().Reason);

        watch.Observe(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1));
        Assert.Equal("scheduled messages came 2 s late", watch.Patience().Reason);

        watch.Observe(TimeSpan.Zero, TimeSpan.FromSeconds(60));
        Assert.Equal((Patience.MaxFactor, "the journal took 60 s to write"), (watch.Patience().Factor, watch.Patience().Reason));
    }

    public void Dispose() => watch.Dispose();
}
