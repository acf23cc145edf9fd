using Morag.Failover.History;
using Morag.Failover.Simulation.Faults;
using Morag.Failover.Simulation.Worlds;
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
    [InlineData(nameof(PlantedBug.StrippedHeartbeats), Rule.HeldLeasesAreKept)]
    [InlineData(nameof(PlantedBug.ForgottenCancellations), Rule.CancelledTasksStayCancelled)]
    public void Should_find_a_planted_bug(string bug, Rule rule)
    {
        for (ulong seed = 1; seed <= MostSeeds; seed++)
        {
            var plan = SimulationPlan.Of(seed) with
            {
                Bug = Enum.Parse<PlantedBug>(bug),
                Rules = new HashSet<Rule> { rule },
                Pace = Pace.Busy with { LongestSettling = TimeSpan.FromMinutes(30) },
                Nodes = 3,
                Duration = TimeSpan.FromMinutes(10),
                MeanPause = 5,
                HeartbeatSeconds = 10,
            };
            var found = SimulationRun.Of(plan with { Faults = FaultsFor(plan) });
            if (found.Violations.Count > 0)
            {
                return;
            }
        }

        Assert.Fail($"nobody noticed {bug}");
    }

    /// <summary>A second owner needs an occasion: each node in turn is cut off and downed while it runs on.</summary>
    private static ImmutableArray<Fault> FaultsFor(SimulationPlan plan) => plan.Bug != PlantedBug.SecondOwners
        ? []
        :
        [
            .. Enumerable.Range(0, plan.Nodes).Select(slot => new NodesCutOff(
                slot, TimeSpan.FromMinutes(1 + (3 * slot)), [slot], TimeSpan.FromMinutes(2), Incoming: true, Outgoing: true)),
        ];
}
