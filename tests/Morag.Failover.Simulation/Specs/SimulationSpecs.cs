using System.Diagnostics;
using System.Globalization;
using Morag.Failover.Simulation.Worlds;
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
        var clock = Stopwatch.StartNew();
        var (seeds, lived) = (0, TimeSpan.Zero);
        do
        {
            var result = SimulationRun.Of(SimulationPlan.Of(Seeds.Fresh()));
            Keeps(result);
            seeds++;
            lived += result.Lived;
        }
        while (clock.Elapsed < SearchFactAttribute.Time);

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{seeds} seeds, {lived.TotalHours:0.0} virtual hours, {clock.Elapsed.TotalSeconds:0} s"));
    }

    private void Keeps(SimulationResult result)
    {
        if (result.IsBad)
        {
            Assert.Fail(Shrinking.Shrink(result, output.WriteLine).Report());
        }
    }
}
