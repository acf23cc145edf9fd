using System.Diagnostics;
using System.Globalization;
using Morag.Failover.Simulation.Worlds;
using Xunit;
using Xunit.Abstractions;

namespace Morag.Failover.Simulation.Specs;

/// <summary>Simulations with fresh seeds, for as long as MORAG_SIMULATION_SECONDS says; 20 seconds unless it is set.</summary>
public sealed class SimulationSpecs(ITestOutputHelper output)
{
    private const double DefaultSeconds = 20;

    [Fact]
    public void Should_keep_every_rule_in_any_history()
    {
        var time = TimeSpan.FromSeconds(
            Environment.GetEnvironmentVariable("MORAG_SIMULATION_SECONDS") is { Length: > 0 } set
                ? double.Parse(set, CultureInfo.InvariantCulture)
                : DefaultSeconds);
        var clock = Stopwatch.StartNew();
        var (seeds, lived) = (0, TimeSpan.Zero);
        do
        {
            var result = SimulationRun.Of(SimulationPlan.Of(Seeds.Fresh()));
            if (result.IsBad)
            {
                Assert.Fail(Shrinking.Shrink(result, output.WriteLine).Report());
            }

            seeds++;
            lived += result.Lived;
        }
        while (clock.Elapsed < time);

        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{seeds} seeds, {lived.TotalHours:0.0} virtual hours, {clock.Elapsed.TotalSeconds:0} s"));
    }
}
