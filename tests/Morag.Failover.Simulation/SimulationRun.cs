using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.History;
using Morag.Failover.Simulation.Clients;
using Morag.Failover.Simulation.Clusters;
using Morag.Failover.Simulation.Faults;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation;

/// <summary>One simulation, from its seed to the verdict on its history.</summary>
internal sealed class SimulationRun
{
    private static readonly TimeSpan Answering = TimeSpan.FromMinutes(2);

    private readonly SimulationPlan plan;
    private readonly World world;
    private readonly Recorder recorder;
    private readonly SimulatedCluster cluster;
    private readonly Running running;
    private readonly List<ModelWorker> workers = [];
    private readonly ModelUser user;

    private SimulationRun(SimulationPlan plan)
    {
        this.plan = plan;
        world = new World(plan.Seed);
        recorder = new Recorder(world);
        var sabotage = new Sabotage(plan.Bug, new Random(Seeds.Mix(plan.Seed, 3)));
        cluster = new SimulatedCluster(world, plan, sabotage, recorder);
        cluster.Store.OnStored = recorder.OnStored;
        cluster.Store.OnErased = recorder.OnErased;
        var gateways = new Gateways(cluster) { OnAnswered = recorder.OnAnswered };
        if (plan.Watched is { } watched)
        {
            gateways.OnCall = (client, what) =>
            {
                if (client == watched)
                {
                    recorder.Note($"{client} {what}");
                }
            };
        }

        running = new Running(world, cluster, gateways, plan.Settings, plan.Pace, recorder.Record);
        for (var number = 0; number < plan.Workers; number++)
        {
            workers.Add(new ModelWorker(running, RegistrationOf(number)));
        }

        user = new ModelUser(running, workers);
    }

    /// <summary>Runs a plan to its end.</summary>
    public static SimulationResult Of(SimulationPlan plan)
    {
        var run = new SimulationRun(plan);
        var stuck = run.LiveThrough();
        var checker = new HistoryChecker
        {
            Rules = plan.Rules,
            WitnessedFor = plan.WitnessedFor,
            DeliveredWithin = plan.DeliveredWithin,
        };
        List<Violation> violations = [.. checker.Check(run.recorder.History)];
        if (stuck is not null && plan.Rules.Contains(Rule.EveryTaskEnds))
        {
            violations.Add(new(Rule.EveryTaskEnds, run.world.Now, stuck));
        }

        return new(plan, violations, run.recorder.Errors, run.world.Now, run.world.Runs, run.recorder.History);
    }

    private string? LiveThrough()
    {
        workers.ForEach(worker => world.After(world.Seconds(0, 5), worker.Start));
        ObserveReach();
        user.ActUntil(plan.Duration, plan.MeanPause);
        foreach (var fault in plan.Faults)
        {
            world.After(fault.At, () => fault.Begin(running, workers, FaultSchedule.RandomOf(plan.Seed, fault)));
        }

        world.PassUntil(plan.Duration + plan.Pace.LongestFault + TimeSpan.FromMinutes(1));
        recorder.Record(new FaultsEnded(world.Now));
        user.Reopen();
        world.PassUntil(world.Now + plan.Pace.Settling);
        return ReadAll();
    }

    private void ObserveReach()
    {
        var reaches = new bool[workers.Count];
        Look();

        void Look()
        {
            for (var number = 0; number < reaches.Length; number++)
            {
                if (workers[number].ReachesNode != reaches[number])
                {
                    reaches[number] = !reaches[number];
                    recorder.Record(new WorkerReach(world.Now, workers[number].Id, reaches[number]));
                }
            }

            world.After(plan.Pace.ReachInterval, Look);
        }
    }

    private string? ReadAll()
    {
        var until = world.Now + plan.Pace.LongestSettling;
        var fewestLeft = int.MaxValue;
        while (true)
        {
            var asked = world.Now;
            var read = new List<TaskReadAtEnd>();
            var expected = 0;
            foreach (var task in user.Tasks)
            {
                expected++;
                user.Ask(RegionKind.Queues, new GetTask { TaskId = task }, answer => read.Add(Read(task, answer, asked)));
            }

            world.PassUntil(world.Now + Answering);
            var left = expected - read.Count(task => task.IsFinished || task.WaitsFor is not null);
            if (left < fewestLeft)
            {
                // A few workers with long tasks may need days for what is queued, as long as they get on with it.
                fewestLeft = left;
                until = world.Now + plan.Pace.LongestSettling;
            }

            if (read.Count < expected && world.Now >= until)
            {
                return $"{expected - read.Count} tasks cannot be read";
            }

            if (read.Count == expected && (left == 0 || world.Now >= until))
            {
                read.OrderBy(task => task.Task, StringComparer.Ordinal).ToList().ForEach(recorder.Record);
                return ReadStatistics();
            }

            user.Reopen();
            world.PassUntil(world.Now + plan.Pace.Settling);
        }
    }

    private TaskReadAtEnd Read(TaskId task, IWireMessage answer, TimeSpan asked) => answer switch
    {
        TaskInfo info => new(
            asked,
            task.Value,
            info.State.ToString(),
            info.State is TaskState.Succeeded or TaskState.Cancelled,
            info.State == TaskState.Parked ? info.ParkedBecause
                : info.State == TaskState.Leased && workers.Exists(worker => worker.Runs(task)) ? "its worker"
                : info.UnmetNeed),

        // The steady clock may run faster than time by 1 %.
        _ when recorder.FinishedAt(task) + (plan.Settings.Queues.FinishedKeptFor * 0.98) < asked =>
            new(asked, task.Value, "Forgotten", IsFinished: true, null),
        _ => new(asked, task.Value, null, IsFinished: false, null),
    };

    private string? ReadStatistics()
    {
        var asked = world.Now;
        var awaited = new List<IWireMessage>();
        var partitions = plan.Settings.Partitions;
        for (var number = 0; number < partitions.Coordinators; number++)
        {
            var owner = PersistenceIds.Coordinator(number);
            Ask(RegionKind.Coordinators, new GetFailureStatistics { Partition = number }, answer =>
                Found($"{owner} failures", ((FailureStatistics)answer).TotalFailures));
        }

        for (var number = 0; number < partitions.Queues; number++)
        {
            var owner = PersistenceIds.Queue(number);
            Ask(RegionKind.Queues, new GetQueueStats { Partition = number }, answer =>
                Found($"{owner} completed", ((QueueStatsReply)answer).Queues.Sum(queue => queue.CompletedTasks)));
        }

        foreach (var worker in workers)
        {
            var owner = PersistenceIds.Worker(new(worker.Id));
            Ask(RegionKind.Workers, new GetWorkerReliability { WorkerId = new(worker.Id) }, answer =>
            {
                if (answer is WorkerReliabilityScore score)
                {
                    Found($"{owner} failures", score.FailureCount);
                    Found($"{owner} successes", score.TotalTasks - score.FailureCount);
                }
            });
        }

        world.PassUntil(world.Now + Answering);
        return awaited.Count == 0 ? null : $"nobody answers {string.Join(", ", awaited)}";

        void Found(string statistic, long value) => recorder.Record(new StatisticRead(world.Now, asked, statistic, value));

        void Ask(RegionKind kind, IWireMessage message, Action<IWireMessage> then)
        {
            awaited.Add(message);
            user.Ask(kind, message, answer =>
            {
                awaited.Remove(message);
                then(answer);
            });
        }
    }

    private WorkerRegistration RegistrationOf(int number) => new()
    {
        WorkerId = new($"w{number}"),
        Capability = number == 0 ? WorkerCapability.Hybrid : (WorkerCapability)(number % 3),
        MaxConcurrentTasks = 1 + world.Random.Next(4),
        HeartbeatIntervalSeconds = plan.HeartbeatSeconds,
    };
}

/// <summary>What came of a simulation.</summary>
internal sealed record SimulationResult(
    SimulationPlan Plan,
    IReadOnlyList<Violation> Violations,
    IReadOnlyList<string> Errors,
    TimeSpan Lived,
    long Runs,
    IReadOnlyList<Happening> History)
{
    /// <summary>A hash of the whole history: two simulations with the same one were the same.</summary>
    public string Fingerprint() => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', History))))[..16];

    /// <summary>Whether it broke a rule, or a node logged an error that no fault explains.</summary>
    public bool IsBad => Violations.Count > 0 || Errors.Count > 0;

    /// <summary>Whether it breaks one of the rules that another one broke.</summary>
    public bool FailsLike(SimulationResult other) => other.Violations.Count > 0
        ? Violations.Any(violation => other.Violations.Any(before => before.Rule == violation.Rule))
        : Errors.Count > 0;

    /// <summary>The violations, the faults, and the command that replays it.</summary>
    public string Report()
    {
        var lines = new List<string> { Summary() };
        lines.AddRange(Violations.Take(10).Select(violation => $"  {violation}"));
        lines.AddRange(Errors.Take(10).Select(error => $"  logged: {error}"));
        if (IsBad)
        {
            lines.Add($"  {Plan.Nodes} nodes, {Plan.Workers} workers, {Plan.Settings.Partitions}");
            lines.AddRange(Plan.Faults.Select(fault => $"  fault: {fault}"));
            lines.Add($"  replay: dotnet run --project tests/Morag.Failover.Simulation -- --seed {Plan.Seed} --shrink");
        }

        return string.Join('\n', lines);
    }

    /// <summary>The verdict in one line.</summary>
    public string Summary() => string.Create(
        CultureInfo.InvariantCulture,
        $"seed {Plan.Seed}: {Lived.TotalHours:0.0} virtual hours, {Plan.Faults.Length} faults, {History.Count} happenings, {Runs} runs, "
        + $"{Violations.Count} violations, fingerprint {Fingerprint()}");
}
