using System.Collections.Immutable;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Workers;

public sealed class BreakerSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly WorkerSettings Settings = new();
    private static readonly TaskId Task = new("t1");

    [Fact]
    public void Should_open_at_the_threshold_and_not_before()
    {
        var breaker = WorkerBreaker.Closed;
        for (var consecutive = 1; consecutive < Settings.BreakerThreshold; consecutive++)
        {
            Assert.Same(breaker, BreakerRules.AfterFailure(breaker, Failure(consecutive), consecutive, ofProbe: false, Settings, T0));
        }

        breaker = BreakerRules.AfterFailure(breaker, Failure(5), 5, ofProbe: false, Settings, T0);

        Assert.Equal(BreakerState.Open, breaker.State);
        Assert.Equal(T0.AddSeconds(300), breaker.Until);
        Assert.Equal(0, BreakerRules.AllowedLeases(breaker, Settings, T0));
    }

    [Fact]
    public void Should_open_half_only_when_its_time_is_over()
    {
        var open = Open();

        Assert.Same(open, BreakerRules.AfterOpenTime(open, T0.AddSeconds(299)));
        var half = BreakerRules.AfterOpenTime(open, T0.AddSeconds(300));

        Assert.Equal(BreakerState.HalfOpen, half.State);
        Assert.Null(half.Until);
        Assert.Equal(1, BreakerRules.AllowedLeases(half, Settings, T0.AddSeconds(300)));
    }

    [Fact]
    public void Should_close_when_a_probe_succeeds_and_only_then()
    {
        var half = BreakerRules.WithProbe(HalfOpen(), Task, new(7), T0.AddSeconds(300));

        Assert.Same(half, BreakerRules.AfterOutcomes(
            half, [Outcome(Task, 6, LeaseOutcomeKind.Succeeded), Outcome(new("t2"), 7, LeaseOutcomeKind.Succeeded)]));
        Assert.Equal(BreakerState.Closed, BreakerRules.AfterOutcomes(half, [Outcome(Task, 7, LeaseOutcomeKind.Succeeded)]).State);
    }

    [Fact]
    public void Should_open_for_twice_as_long_up_to_the_cap_when_probes_fail()
    {
        var breaker = Open();
        var now = T0;
        var lengths = new List<double>();
        for (var round = 0; round < 6; round++)
        {
            lengths.Add((breaker.Until!.Value - now).TotalSeconds);
            now = breaker.Until.Value;
            breaker = BreakerRules.WithProbe(BreakerRules.AfterOpenTime(breaker, now), Task, new(round), now);
            breaker = BreakerRules.AfterFailure(breaker, Failure(100 + round), 6 + round, ofProbe: true, Settings, now);
        }

        Assert.Equal([300, 600, 1200, 2400, 3600, 3600], lengths);
    }

    [Fact]
    public void Should_not_be_moved_by_failures_that_are_no_probes_when_half_open()
    {
        var half = HalfOpen();
        Assert.Same(half, BreakerRules.AfterFailure(half, Failure(9), 9, ofProbe: false, Settings, T0.AddSeconds(301)));
    }

    [Fact]
    public void Should_allow_another_probe_when_one_is_returned_or_lost()
    {
        var now = T0.AddSeconds(300);
        var half = BreakerRules.WithProbe(HalfOpen(), Task, new(7), now);
        Assert.Equal(0, BreakerRules.AllowedLeases(half, Settings, now));

        var returned = BreakerRules.AfterOutcomes(half, [Outcome(Task, 7, LeaseOutcomeKind.Returned)]);
        Assert.Equal(1, BreakerRules.AllowedLeases(returned, Settings, now));
        Assert.Equal(1, BreakerRules.AllowedLeases(half, Settings, now + Settings.BreakerProbeTimeout));
        Assert.Equal(BreakerState.Closed, BreakerRules.AfterOutcomes(half, [Outcome(Task, 7, LeaseOutcomeKind.Succeeded)]).State);
    }

    [Fact]
    public void Should_stay_open_without_end_when_an_operator_opened_it()
    {
        var open = BreakerRules.OpenedByOperator("upgrade");

        Assert.Same(open, BreakerRules.AfterOpenTime(open, T0.AddYears(1)));
        Assert.Same(open, BreakerRules.AfterExcuse(open, [Failure(1)], 0, Settings));
        Assert.Equal(0, BreakerRules.AllowedLeases(open, Settings, T0.AddYears(1)));
    }

    [Fact]
    public void Should_close_when_all_that_opened_it_is_excused()
    {
        var byThreshold = Open();
        Assert.Equal(BreakerState.Closed, BreakerRules.AfterExcuse(byThreshold, [Failure(5)], 4, Settings).State);
        Assert.Same(byThreshold, BreakerRules.AfterExcuse(byThreshold, [Failure(5)], 5, Settings));

        var byStrategy = BreakerRules.OpenedByStrategy(WorkerBreaker.Closed, Failure(3), "timeouts", Settings, T0);
        Assert.Same(byStrategy, BreakerRules.AfterExcuse(byStrategy, [Failure(2)], 2, Settings));
        Assert.Equal(BreakerState.Closed, BreakerRules.AfterExcuse(byStrategy, [Failure(3)], 2, Settings).State);
    }

    private static WorkerBreaker Open() => BreakerRules.AfterFailure(WorkerBreaker.Closed, Failure(5), 5, ofProbe: false, Settings, T0);

    private static WorkerBreaker HalfOpen() => BreakerRules.AfterOpenTime(Open(), T0.AddSeconds(300));

    private static FailureId Failure(int number) => new($"f{number}");

    private static LeaseOutcome Outcome(TaskId task, long epoch, LeaseOutcomeKind kind) =>
        new() { TaskId = task, Epoch = new(epoch), Kind = kind };
}
