using Morag.Failover.Actors.Timing;

namespace Morag.Failover.Actors.Tests.Timing;

public sealed class SteadyClockSpecs
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly StepTime machine = new();
    private readonly SteadyClock clock;

    public SteadyClockSpecs() => clock = new SteadyClock(machine);

    public static TheoryData<int> AnHourEachWay => [1, -1];

    [Theory]
    [MemberData(nameof(AnHourEachWay))]
    public void Should_measure_a_minute_within_one_percent_when_the_wall_clock_steps_by_an_hour(int direction)
    {
        using var watch = new ClockWatch(clock, _ => { });
        machine.Pass(Minute);
        var before = clock.GetUtcNow();

        machine.Step(Hour * direction);
        machine.Pass(Minute);

        Assert.InRange(clock.GetUtcNow() - before, Minute * 0.99, Minute * 1.01);
    }

    [Fact]
    public void Should_never_go_back_when_the_wall_clock_does()
    {
        using var watch = new ClockWatch(clock, _ => { });
        var last = clock.GetUtcNow();
        for (var i = 0; i < 600; i++)
        {
            machine.Step(TimeSpan.FromMinutes(i % 2 == 0 ? -10 : 3));
            machine.Pass(TimeSpan.FromMilliseconds(100));
            var now = clock.GetUtcNow();
            Assert.True(now > last, $"{now:O} came after {last:O}");
            last = now;
        }
    }

    [Theory]
    [MemberData(nameof(AnHourEachWay))]
    public void Should_tell_and_show_the_step_once_when_the_wall_clock_steps(int direction)
    {
        var told = new List<ClockStep>();
        using var watch = new ClockWatch(clock, told.Add);
        machine.Pass(Minute);

        machine.Step(Hour * direction);
        machine.Pass(Minute);

        Assert.Equal(Hour * direction, Assert.Single(told).By);
        Assert.Equal((1, told[0]), (clock.Reading.Steps, clock.Reading.LastStep));
        Assert.InRange(clock.Reading.WallClockAhead * direction, Hour - Minute, Hour);
    }

    [Theory]
    [MemberData(nameof(AnHourEachWay))]
    public void Should_agree_with_the_wall_clock_again_when_a_hundred_times_the_step_has_passed(int direction)
    {
        using var watch = new ClockWatch(clock, _ => { });
        machine.Step(Minute * direction);

        machine.Pass(Minute * 103);

        Assert.InRange((machine.GetUtcNow() - clock.GetUtcNow()).Duration(), TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
        Assert.InRange(clock.Reading.WallClockAhead.Duration(), TimeSpan.Zero, TimeSpan.FromMilliseconds(10));
    }

    [Fact]
    public void Should_tell_nothing_when_the_wall_clock_is_slewed()
    {
        var told = new List<ClockStep>();
        using var watch = new ClockWatch(clock, told.Add);

        for (var i = 0; i < 100; i++)
        {
            machine.Step(TimeSpan.FromMilliseconds(5));
            machine.Pass(TimeSpan.FromSeconds(1));
        }

        Assert.Empty(told);
    }

    [Fact]
    public void Should_not_run_past_the_wall_clock_when_nobody_follows_any_more()
    {
        machine.Step(TimeSpan.FromMilliseconds(5));
        clock.Follow();

        machine.Freeze(Hour);

        Assert.Equal(machine.GetUtcNow(), clock.GetUtcNow());
    }
}
