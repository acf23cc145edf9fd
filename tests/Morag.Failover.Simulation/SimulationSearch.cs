using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation;

/// <summary>
/// Simulations of several seeds, one on each processor. Each one has its own world and a thread of its own, so its history does not depend
/// on the others. The text says how many there were.
/// </summary>
internal sealed class SimulationSearch
{
    private readonly Stopwatch clock = new();
    private readonly IEnumerable<ulong> seeds;
    private int simulated;
    private TimeSpan lived;

    private SimulationSearch(Func<Stopwatch, IEnumerable<ulong>> seeds) => this.seeds = seeds(clock);

    /// <summary>Fresh seeds, at least one, until a time has passed.</summary>
    public static SimulationSearch For(TimeSpan time) => new(clock => FreshSeeds(clock, time));

    /// <summary>Given seeds.</summary>
    public static SimulationSearch Of(IEnumerable<ulong> seeds) => new(_ => seeds);

    /// <summary>Runs the simulations, and gives each result when it is there.</summary>
    public IEnumerable<SimulationResult> Run()
    {
        clock.Start();
        var results = Partitioner.Create(seeds, EnumerablePartitionerOptions.NoBuffering)
            .AsParallel()
            .WithDegreeOfParallelism(Environment.ProcessorCount)
            .WithMergeOptions(ParallelMergeOptions.NotBuffered)
            .Select(seed => SimulationRun.Of(SimulationPlan.Of(seed)));
        foreach (var result in results)
        {
            simulated++;
            lived += result.Lived;
            yield return result;
        }

        clock.Stop();
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{simulated} seeds, {lived.TotalHours:0.0} virtual hours in {clock.Elapsed.TotalSeconds:0} s, with "
        + $"{Environment.CpuUsage.TotalTime.TotalSeconds:0} s of processor time");

    private static IEnumerable<ulong> FreshSeeds(Stopwatch clock, TimeSpan time)
    {
        do
        {
            yield return Seeds.Fresh();
        }
        while (clock.Elapsed < time);
    }
}
