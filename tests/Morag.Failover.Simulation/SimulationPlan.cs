using Morag.Failover.Domain.Settings;
using Morag.Failover.History;
using Morag.Failover.Simulation.Faults;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation;

/// <summary>
/// Everything that a simulation depends on. It is drawn from the seed. To shrink a failure, faults are dropped from it.
/// </summary>
internal sealed record SimulationPlan
{
    public required ulong Seed { get; init; }

    public required int Nodes { get; init; }

    public required int Workers { get; init; }

    /// <summary>How long users act and faults begin.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>The mean time between two actions of users in seconds.</summary>
    public required double MeanPause { get; init; }

    public required double HeartbeatSeconds { get; init; }

    public required FailoverSettings Settings { get; init; }

    public required ImmutableArray<Fault> Faults { get; init; }

    public PlantedBug Bug { get; init; }

    /// <summary>The rules to check.</summary>
    public IReadOnlySet<Rule> Rules { get; init; } = Enum.GetValues<Rule>().ToHashSet();

    /// <summary>Draws a plan.</summary>
    public static SimulationPlan Of(ulong seed)
    {
        var random = new Random(Seeds.Mix(seed, 0));
        var nodes = 1 + random.Next(4);
        var workers = 2 + random.Next(5);
        var duration = TimeSpan.FromMinutes(10 + random.Next(50));
        return new SimulationPlan
        {
            Seed = seed,
            Nodes = nodes,
            Workers = workers,
            Duration = duration,
            MeanPause = 5 + (random.NextDouble() * 30),
            HeartbeatSeconds = new[] { 2.0, 5, 10, 30 }[random.Next(4)],
            Settings = SettingsOf(random),
            Faults = FaultSchedule.Draw(seed, random.Next(40), duration, nodes, workers),
        };
    }

    private static FailoverSettings SettingsOf(Random random) => FailoverSettings.Default with
    {
        Partitions = new()
        {
            Queues = 1 + random.Next(3),
            Coordinators = 1 + random.Next(3),
            DirectoryBuckets = 1 + random.Next(2),
            WorkerShards = 1 + random.Next(8),
        },
        Storage = new()
        {
            SnapshotEvery = 4 + random.Next(60),
            SmallSnapshotEvery = 4 + random.Next(20),
            SnapshotPartBytes = 1_000 + random.Next(20_000),
        },
    };
}
