using Xunit;
using Xunit.Abstractions;

namespace Morag.Failover.Simulation.Specs;

/// <summary>Simulations with known seeds, and with fresh ones for as long as MORAG_SIMULATION_SECONDS says.</summary>
public sealed class SimulationSpecs(ITestOutputHelper output)
{
    private const int KnownSeeds = 12;

    public static TheoryData<uint> Known => [.. Enumerable.Range(1, KnownSeeds).Select(seed => (uint)seed)];

    [Theory]
    [MemberData(nameof(Known))]
    public void Should_keep_every_rule_in_a_known_history(uint seed) => Keeps(SimulationRun.Of(SimulationPlan.Of(seed)));

    [SearchFact]
    public void Should_keep_every_rule_in_any_history()
    {
        var search = SimulationSearch.For(SearchFactAttribute.Time!.Value);
        foreach (var result in search.Run())
        {
            Keeps(result);
        }

        output.WriteLine(search.ToString());
    }

    private void Keeps(SimulationResult result)
    {
        if (result.IsBad)
        {
            Assert.Fail(Shrinking.Shrink(result, output.WriteLine).Report());
        }
    }
}
