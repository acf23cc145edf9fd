using Morag.Failover.Chaos.Clients;
using Morag.Failover.Chaos.Clusters;
using Morag.Failover.Chaos.Faults;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.History;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Chaos;

/// <summary>Carries out a plan: starts the processes, makes load and faults, waits for rest, and checks the history.</summary>
internal static class ChaosRun
{
    private const int Users = 4;

    /// <summary>How many workers of this process work over HTTP, and record what they are told.</summary>
    private const int RecordingWorkers = 3;

    private const int MostReadings = 5;

    /// <summary>Longer than the timeout of a worker and the longest way of an agent to another node.</summary>
    private static readonly TimeSpan WitnessedFor = TimeSpan.FromSeconds(30);

    /// <summary>How far off the times of a node can be that approaches its clock, which has jumped.</summary>
    private static readonly TimeSpan WitnessedForIfClocksJump = TimeSpan.FromSeconds(45);

    /// <summary>Runs a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="folder">A folder for the data of nodes and agents.</param>
    /// <param name="listener">Gets each note when it is made; null for none.</param>
    public static async Task<ChaosResult> OfAsync(ChaosPlan plan, string folder, Action<string>? listener = null)
    {
        var settings = plan.Settings;
        var recorder = new HistoryRecorder(plan.HasClockJumps) { Listener = listener ?? (static _ => { }) };
        await using var cluster = await ChaosCluster.StartAsync(plan, folder, recorder);
        recorder.Start();
        string[] workers = [.. Enumerable.Range(0, settings.Agents).Select(ChaosCluster.AgentName)];
        var reach = new ReachRecorder(recorder, settings.Nodes, workers);
        using var stopWorkers = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource((4 * settings.Length) + (2 * Eventually.Bound));
        var apis = Enumerable.Range(0, Users + RecordingWorkers).Select(cluster.CreateApi).ToList();
        var users = apis.Take(Users)
            .Select((api, number) =>
                new LoadGenerator($"user-{number}", api, recorder, settings.Seed + (uint)number, settings.Rate / Users)).ToList();
        var working = Task.WhenAll(apis.Skip(Users).Select((api, number) =>
            new RecordingWorker($"recorder-{number}", api, recorder, settings.Seed + (uint)number).RunAsync(stopWorkers.Token)));
        for (var agent = 0; agent < settings.Agents; agent++)
        {
            cluster.StartAgent(agent);
        }

        reach.Begin();
        var faults = new FaultInjector(cluster, reach, recorder).RunAsync(plan.Faults);
        IReadOnlyList<Happening> stored = [];
        string[] tasks = [];
        try
        {
            await Task.WhenAll([faults, .. users.Select(user => user.RunAsync(settings.Length, faults, giveUp.Token))]);
            tasks = [.. users.SelectMany(user => user.Acknowledged)];
            await cluster.RecoverAsync();
            stored = await ReadAtRestAsync(cluster.Node(settings.Nodes - 1).Client, recorder, tasks);
        }
        catch (Exception failed) when (NodeSilence.Explains(failed) || failed is TimeoutException or InvalidOperationException)
        {
            recorder.Fault($"the run did not come to its end: {failed.Message}");
        }

        await stopWorkers.CancelAsync();
        await working;
        apis.ForEach(api => api.Dispose());

        IReadOnlyList<Happening> history = [.. recorder.Happenings.Concat(stored).OrderBy(happening => happening.At).ThenBy(EpochOf)];
        var checker = new HistoryChecker
        {
            WitnessedFor = plan.HasClockJumps ? WitnessedForIfClocksJump : WitnessedFor,
            Rules = Enum.GetValues<Rule>().Except(NotRecorded(plan)).ToHashSet(),
        };
        return new ChaosResult(
            plan, tasks.Length, history, checker.Check(history), recorder.Faults, recorder.Notes, RunningProgram.OutputOfAll());
    }

    /// <summary>Rules that need what only a simulation can record.</summary>
    private static IEnumerable<Rule> NotRecorded(ChaosPlan plan)
    {
        yield return Rule.NoLeaseWhileBreakerIsOpen;

        // They need to know what an agent received and dropped, and minutes without a fault.
        yield return Rule.NoLeaseIsForgotten;
        yield return Rule.HeldLeasesAreKept;

        // They order what different tasks have in common by the times of nodes.
        if (plan.HasClockJumps)
        {
            yield return Rule.EpochsGrow;
        }
    }

    /// <summary>
    /// Reads what is stored when everything is at rest. A review can start a parked task again meanwhile; then it is read again.
    /// </summary>
    private static async Task<IReadOnlyList<Happening>> ReadAtRestAsync(NodeClient node, HistoryRecorder recorder, string[] tasks)
    {
        for (var readings = 1; ; readings++)
        {
            await RestsAsync(node, tasks.Length);
            var stored = await new StoredHistory(node, recorder).ReadAsync(tasks);
            var rested = stored.OfType<TaskReadAtEnd>().All(task => task.IsFinished || task.State is null or nameof(TaskState.Parked))
                && stored.OfType<StatisticRead>().All(failures => failures.Value == stored.OfType<EventCounted>().Count());
            if (rested || readings == MostReadings)
            {
                return stored;
            }
        }
    }

    /// <summary>Waits until every task has ended or is parked, and every decision is carried out.</summary>
    private static async Task RestsAsync(NodeClient node, int tasks)
    {
        var open = "";
        await Eventually.HoldsAsync(
            async () =>
            {
                var all = await node.TasksAsync();
                var moving = all.Where(task => task.State is not (TaskState.Succeeded or TaskState.Cancelled or TaskState.Parked)).ToList();
                var pending = (await node.FailuresAsync()).Count(failure => failure.DecisionMetadata.Outcome == DecisionOutcome.Pending);
                open = $"{all.Count} of {tasks} tasks are known, {pending} decisions are pending, and these tasks move:\n"
                    + string.Join('\n', moving.Take(20));
                return all.Count >= tasks && moving.Count == 0 && pending == 0;
            },
            () => $"everything comes to rest: {open}");
    }

    // A batch is granted at one instant. A node whose clock is behind sets all times of a task to one instant when it takes over.
    private static long EpochOf(Happening happening) => happening switch
    {
        LeaseStored lease => lease.Epoch,
        LeaseEndStored lease => lease.Epoch,
        _ => 0,
    };
}
