using System.Diagnostics;
using System.Globalization;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation;

/// <summary>Simulations with fresh seeds, at least one, until a time has passed. The text says how many there were.</summary>
internal sealed class SimulationSearch(TimeSpan time)
{
    private readonly Stopwatch clock = new();
    private int seeds;
    private TimeSpan lived;

    /// <summary>Runs the simulations one after the other.</summary>
    /// <param name="onSeed">Called with each seed before its simulation runs.</param>
    public IEnumerable<SimulationResult> Run(Action<ulong>? onSeed = null)
    {
        clock.Start();
        do
        {
            var seed = Seeds.Fresh();
            onSeed?.Invoke(seed);
            var result = SimulationRun.Of(SimulationPlan.Of(seed));
            seeds++;
            lived += result.Lived;
            yield return result;
        }
        while (clock.Elapsed < time);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{seeds} seeds, {lived.TotalHours:0.0} virtual hours in {clock.Elapsed.TotalSeconds:0} s");
}
