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

    public required Pace Pace { get; init; }

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

    /// <summary>The client whose calls are noted in the history; null for none.</summary>
    public string? Watched { get; init; }

    /// <summary>The rules to check.</summary>
    public IReadOnlySet<Rule> Rules { get; init; } = Enum.GetValues<Rule>().ToHashSet();

    /// <summary>Draws a plan.</summary>
    public static SimulationPlan Of(ulong seed)
    {
        var random = new Random(Seeds.Mix(seed, 0));
        var nodes = 1 + random.Next(4);
        var workers = 2 + random.Next(5);
        var isSlow = random.Next(5) == 0;
        var pace = isSlow ? Pace.Slow : Pace.Busy;
        var duration = isSlow ? TimeSpan.FromHours(24 + random.Next(72)) : TimeSpan.FromMinutes(10 + random.Next(50));
        return new SimulationPlan
        {
            Seed = seed,
            Pace = pace,
            Nodes = nodes,
            Workers = workers,
            Duration = duration,
            MeanPause = isSlow ? 900 + (random.NextDouble() * 2700) : 5 + (random.NextDouble() * 30),
            HeartbeatSeconds = isSlow ? Any(random, 30.0, 60, 120, 300) : Any(random, 2.0, 5, 10, 30),
            Settings = isSlow ? Slow(random, SettingsOf(random)) : SettingsOf(random),
            Faults = FaultSchedule.Draw(seed, random.Next(40), duration, nodes, workers, pace.FaultStretch),
        };
    }

    /// <summary>How long a worker must have reached a node before nobody may blame it: its next heartbeat must be due.</summary>
    public TimeSpan WitnessedFor => TimeSpan.FromSeconds(30 + Math.Max(30, HeartbeatSeconds));

    /// <summary>How long a granted lease may be on its way: until heartbeats have shown that the worker does not know it.</summary>
    public TimeSpan DeliveredWithin => TimeSpan.FromSeconds(300 + (4 * HeartbeatSeconds));

    private static T Any<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];

    private static FailoverSettings Slow(Random random, FailoverSettings settings) => settings with
    {
        // Each one polls each bucket every 20 s.
        Partitions = settings.Partitions with { Queues = 1 + random.Next(2), Coordinators = 1, DirectoryBuckets = 1 },
        Queues = settings.Queues with
        {
            FinishedKeptFor = Any(random, TimeSpan.FromHours(1), TimeSpan.FromHours(12), TimeSpan.FromDays(7)),
        },
        Workers = settings.Workers with
        {
            Timeout = Any(random, TimeSpan.FromMinutes(20), TimeSpan.FromMinutes(60)),
            FreezeTolerance = Any(random, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40), TimeSpan.FromSeconds(60)),
            ForgetAfter = Any(random, TimeSpan.FromHours(6), TimeSpan.FromHours(24), TimeSpan.FromDays(7)),
        },
        Policy = settings.Policy with { HistoryKept = Any(random, TimeSpan.FromHours(6), TimeSpan.FromHours(24), TimeSpan.FromDays(7)) },
    };

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
