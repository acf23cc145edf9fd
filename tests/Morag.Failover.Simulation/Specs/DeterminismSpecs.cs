using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Morag.Failover.Simulation.Specs;

public sealed class DeterminismSpecs
{
    private const ulong Seed = 7;

    [Fact]
    public void Should_give_one_history_for_one_seed()
    {
        var (one, other) = (SimulationRun.Of(SimulationPlan.Of(Seed)), SimulationRun.Of(SimulationPlan.Of(Seed)));

        Assert.True(one.History.Count > 100);
        Assert.Equal(one.History.Select(happening => happening.ToString()), other.History.Select(happening => happening.ToString()));
    }

    [Fact]
    public async Task Should_give_the_same_history_in_another_process()
    {
        var here = SimulationRun.Of(SimulationPlan.Of(Seed)).Summary();
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "exec", typeof(SimulationRun).Assembly.Location, "--seed", Seed.ToString(CultureInfo.InvariantCulture) },
            RedirectStandardOutput = true,
        };
        using var process = Process.Start(start)!;
        var there = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Contains(here, there, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_give_other_histories_for_other_seeds() => Assert.NotEqual(
        SimulationRun.Of(SimulationPlan.Of(Seed)).Fingerprint(), SimulationRun.Of(SimulationPlan.Of(Seed + 1)).Fingerprint());
}
