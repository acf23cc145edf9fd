using Morag.Failover.History;
using Morag.Failover.Simulation.Faults;
using Xunit;

namespace Morag.Failover.Simulation.Specs;

/// <summary>The checker finds each kind of bug when it is there. Each one is planted into the system, not into the history.</summary>
public sealed class PlantedBugSpecs
{
    /// <summary>A bug needs its occasion; within this many seeds there is one.</summary>
    private const ulong MostSeeds = 8;

    [Theory]
    [InlineData(nameof(PlantedBug.ForgottenTasks), Rule.NoTaskIsLost)]
    [InlineData(nameof(PlantedBug.ForgottenCompletions), Rule.OneCompletionCounts)]
    [InlineData(nameof(PlantedBug.SecondOwners), Rule.OneLeaseIsValid)]
    [InlineData(nameof(PlantedBug.ForgottenLeases), Rule.EpochsGrow)]
    [InlineData(nameof(PlantedBug.ForgottenReassignments), Rule.OneDecisionForEachFailure)]
    [InlineData(nameof(PlantedBug.ForgottenBreakers), Rule.NoLeaseWhileBreakerIsOpen)]
    [InlineData(nameof(PlantedBug.ForgottenScores), Rule.StatisticsCountEvents)]
    [InlineData(nameof(PlantedBug.LostHeartbeats), Rule.NoReachableWorkerIsBlamed)]
    [InlineData(nameof(PlantedBug.LostOrders), Rule.EveryTaskEnds)]
    [InlineData(nameof(PlantedBug.LostGrants), Rule.NoLeaseIsForgotten)]
    public void Should_find_a_planted_bug(string bug, Rule rule)
    {
        for (ulong seed = 1; seed <= MostSeeds; seed++)
        {
            var plan = SimulationPlan.Of(seed) with
            {
                Bug = Enum.Parse<PlantedBug>(bug),
                Rules = new HashSet<Rule> { rule },
                Nodes = 3,
                Duration = TimeSpan.FromMinutes(10),
                MeanPause = 5,
            };
            var found = SimulationRun.Of(plan with { Faults = OnThreeNodes(plan) });
            if (found.Violations.Count > 0)
            {
                return;
            }
        }

        Assert.Fail($"nobody noticed {bug}");
    }

    private static ImmutableArray<Fault> OnThreeNodes(SimulationPlan plan) => plan.Bug == PlantedBug.SecondOwners
        ? FaultSchedule.Draw(plan.Seed, 40, plan.Duration, plan.Nodes, plan.Workers)
        : [];
}
