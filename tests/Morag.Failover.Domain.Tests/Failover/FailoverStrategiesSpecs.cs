using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;
using static Morag.Failover.Domain.Tests.Failover.Cases;

namespace Morag.Failover.Domain.Tests.Failover;

/// <summary>The table of strategies: a row for each, with the meaning that the rest of the domain reads.</summary>
public sealed class FailoverStrategiesSpecs
{
    public static TheoryData<FailoverStrategy> Strategies => [.. Enum.GetValues<FailoverStrategy>()];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Should_have_a_row_when_the_strategy_exists(FailoverStrategy strategy)
    {
        var row = FailoverStrategies.Of(strategy);

        Assert.Equal(strategy, row.Strategy);
        Assert.NotEqual("", row.QueuedAs);
        Assert.True(Enum.IsDefined(row.Counter));
    }

    [Fact]
    public void Should_have_no_row_when_the_strategy_does_not_exist()
    {
        Assert.Equal(Enum.GetValues<FailoverStrategy>(), FailoverStrategies.All.Select(row => row.Strategy));
        Assert.Throws<ArgumentOutOfRangeException>(() => FailoverStrategies.Of((FailoverStrategy)99));
        Assert.Throws<ArgumentOutOfRangeException>(() => FailoverStrategies.Of((FailoverStrategy)(-1)));
    }

    /// <summary>Written out once more, so that a change of the table is a change of this list as well.</summary>
    [Theory]
    [InlineData(RetrySameWorker, "pins", StrategyCounter.SameWorkerRetries)]
    [InlineData(ReassignSameQueue, "avoids", StrategyCounter.Reassignments)]
    [InlineData(FallbackQueue, "moves", StrategyCounter.None)]
    [InlineData(DegradeQuality, "degrades", StrategyCounter.QualityRungs)]
    [InlineData(CircuitBreaker, "avoids, opens", StrategyCounter.Reassignments)]
    [InlineData(ManualIntervention, "parks", StrategyCounter.None)]
    public void Should_say_what_the_strategy_does(FailoverStrategy strategy, string does, StrategyCounter counter)
    {
        var row = FailoverStrategies.Of(strategy);

        var flags = new (string Name, bool IsSet)[]
        {
            ("pins", row.PinsToWorker), ("avoids", row.AvoidsFailedWorker), ("moves", row.MovesToNextQueue),
            ("degrades", row.LowersQuality), ("opens", row.OpensBreaker), ("parks", row.ParksTask),
        };
        Assert.Equal(does, string.Join(", ", flags.Where(flag => flag.IsSet).Select(flag => flag.Name)));
        Assert.Equal(counter, row.Counter);
    }

    /// <summary>
    /// Decides every type of failure on the way to every strategy, so that each wording and each piece of evidence is used.
    /// </summary>
    [Fact]
    public void Should_choose_and_reject_every_strategy_for_some_failure()
    {
        var decisions = Enum.GetValues<FailureType>()
            .SelectMany(type => new[]
            {
                Of(type),
                Of(type, worker: Standing(consecutive: 5, open: true)),
                Of(type, worker: Standing(consecutive: 5)),
                Of(type, Facts with { OwnFailures = 3, FleetFailures = 10 }),
                Of(type, Facts with { QualityRung = 9, SameWorkerRetries = 9 }),
                Of(type).WithoutWorker(),
            })
            .Select(failure => failure.Decide().Decision)
            .ToList();

        Assert.Equal(
            Enum.GetValues<FailoverStrategy>().ToHashSet(),
            decisions.Select(decision => decision.SelectedAction.Strategy).ToHashSet());
        Assert.Equal(
            Enum.GetValues<FailoverStrategy>().ToHashSet(),
            decisions.SelectMany(decision => decision.AlternativeActions).Select(action => action.Strategy).ToHashSet());
    }
}
