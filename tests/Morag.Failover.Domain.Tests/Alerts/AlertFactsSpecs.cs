using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Alerts;

/// <summary>What the alert rules look at.</summary>
public sealed class AlertFactsSpecs
{
    private static readonly DateTimeOffset T0 = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(60);

    [Fact]
    public void Should_count_attempts_over_the_window_and_say_when_it_is_covered()
    {
        var samples = AttemptSamples.None;
        Assert.Equal((0, 0), samples.Counts());
        for (var second = 0; second <= 200; second += 10)
        {
            samples = samples.With(failed: second, completed: 3 * second, Window, 2 * Window, T0.AddSeconds(second));
            Assert.Equal(second >= 60, samples.Cover(Window));
        }

        Assert.Equal((60, 240), samples.Counts());
    }

    [Fact]
    public void Should_not_count_attempts_from_a_gap_that_is_longer_than_the_window()
    {
        var samples = AttemptSamples.None;
        for (var second = 0; second <= 60; second += 10)
        {
            samples = samples.With(0, second, Window, 2 * Window, T0.AddSeconds(second));
        }

        // All of these attempts may have failed long ago.
        samples = samples.With(1_000, 60, Window, 2 * Window, T0.AddSeconds(3_600));
        Assert.Equal((0, 0), samples.Counts());
        Assert.False(samples.Cover(Window));
        samples = samples.With(1_001, 61, Window, 2 * Window, T0.AddSeconds(3_660));
        Assert.Equal((1, 2), samples.Counts());
        Assert.True(samples.Cover(Window));
    }

    [Fact]
    public void Should_start_over_when_counters_fall()
    {
        var samples = AttemptSamples.None.With(100, 100, Window, 2 * Window, T0)
            .With(100, 200, Window, 2 * Window, T0.AddSeconds(70))
            .With(3, 4, Window, 2 * Window, T0.AddSeconds(80));
        Assert.Equal((0, 0), samples.Counts());
        Assert.False(samples.Cover(Window));
    }

    [Fact]
    public void Should_name_workers_that_are_lost_have_an_open_breaker_or_were_lost_lately_and_no_others()
    {
        var state = DirectoryState.Empty;
        Add(Entry("healthy"));
        Add(Entry("lost") with { Liveness = Liveness.Offline, OfflineCause = OfflineCause.Missing });
        Add(Entry("draining") with { Liveness = Liveness.Offline, OfflineCause = OfflineCause.Missing, Draining = true });
        Add(Entry("declared") with { Liveness = Liveness.Offline, OfflineCause = OfflineCause.Operator });
        Add(Entry("left") with { Liveness = Liveness.Offline, Unregistered = true, BreakerState = BreakerState.Open });
        Add(Entry("broken") with { BreakerState = BreakerState.Open });
        Add(Entry("back") with { Revision = 2, LostAt = T0.AddMinutes(-30) });
        Add(Entry("back") with { Revision = 3, LostAt = T0.AddMinutes(-10) });
        Add(Entry("long ago") with { Revision = 2, LostAt = T0.AddMinutes(-61) });

        Assert.Equal(
            ["back False False 2", "broken False True 0", "lost True False 0"],
            state.Troubled(T0).Workers.Select(
                worker => $"{worker.WorkerId} {worker.IsLost} {worker.BreakerIsOpen} {worker.LossesInHour}"));

        void Add(WorkerEntry entry) => state = state.Apply(new WorkerEntryUpdated { Entry = entry });
    }

    private static WorkerEntry Entry(string worker) => new()
    {
        WorkerId = new(worker),
        Revision = 1,
        Registration = new() { WorkerId = new(worker), Capability = WorkerCapability.Cpu },
    };
}
