using CsCheck;
using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Domain.Tests.Nodes;

public sealed class PatienceSpecs
{
    public static TheoryData<NodeStrain, double, string?> Strains => new()
    {
        { default, 1, null },
        { new NodeStrain { TimerLag = Ms(250), MissedTimers = 1, JournalLatency = Ms(1000) }, 1, null },
        { new NodeStrain { TimerLag = Ms(1250) }, 2, "timers ran 1.25 s late" },
        { new NodeStrain { SchedulerLag = Ms(750) }, 1.5, "scheduled messages came 0.75 s late" },
        { new NodeStrain { MissedTimers = 5 }, 2, "5 timers were skipped" },
        { new NodeStrain { GcPause = Ms(2250) }, 3, "garbage collection paused the node for 2.25 s" },
        { new NodeStrain { JournalLatency = Ms(3000) }, 3, "the journal took 3 s to write" },
        { new NodeStrain { TimerLag = Ms(500), JournalLatency = Ms(4000) }, 4, "the journal took 4 s to write" },
        { new NodeStrain { TimerLag = Ms(60_000) }, 8, "timers ran 60 s late" },
    };

    [Theory]
    [MemberData(nameof(Strains))]
    public void Should_stretch_in_proportion_to_the_worst_delay(NodeStrain strain, double factor, string? reason)
    {
        var patience = Patience.Of(strain);

        Assert.Equal((factor, reason), (patience.Factor, patience.Reason));
        Assert.Equal(TimeSpan.FromSeconds(3 * factor), patience.Stretch(TimeSpan.FromSeconds(3)));
    }

    [Fact]
    public void Should_stay_within_its_bounds_and_only_grow_with_the_strain()
    {
        Gen.Select(Strain(), Strain()).Sample((one, other) =>
        {
            var both = Patience.Of(one.With(other)).Factor;
            Assert.InRange(both, Math.Max(Patience.Of(one).Factor, Patience.Of(other).Factor), Patience.MaxFactor);
        });
    }

    private static Gen<NodeStrain> Strain() =>
        Gen.Select(Gen.Int[-500, 20_000], Gen.Int[0, 60], Gen.Int[-500, 20_000], Gen.Int[0, 20_000], Gen.Int[0, 20_000]).Select(
            (timer, missed, scheduler, gc, journal) => new NodeStrain
            {
                TimerLag = Ms(timer),
                MissedTimers = missed,
                SchedulerLag = Ms(scheduler),
                GcPause = Ms(gc),
                JournalLatency = Ms(journal),
            });

    private static TimeSpan Ms(int milliseconds) => TimeSpan.FromMilliseconds(milliseconds);
}
