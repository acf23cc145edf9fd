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

    /// <summary>Rules that need what only a simulation can record.</summary>
    private static readonly Rule[] NotRecorded = [Rule.NoLeaseWhileBreakerIsOpen];

    /// <summary>Longer than the timeout of a worker and the longest way of an agent to another node.</summary>
    private static readonly TimeSpan WitnessedFor = TimeSpan.FromSeconds(30);

    /// <summary>Runs a plan.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="folder">A folder for the data of nodes and agents.</param>
    public static async Task<ChaosResult> OfAsync(ChaosPlan plan, string folder)
    {
        await using var cluster = await ChaosCluster.StartAsync(plan, folder);
        var recorder = new HistoryRecorder();
        string[] workers = [.. Enumerable.Range(0, plan.Agents).Select(ChaosCluster.AgentName)];
        var reach = new ReachRecorder(recorder, plan.Nodes, workers);
        using var stopWorkers = new CancellationTokenSource();
        using var giveUp = new CancellationTokenSource((3 * plan.Length) + (2 * Eventually.Bound));
        var apis = Enumerable.Range(0, Users + RecordingWorkers).Select(number => new ClusterApi(cluster.Addresses, number)).ToList();
        var users = apis.Take(Users)
            .Select((api, number) => new LoadGenerator($"user-{number}", api, recorder, plan.Seed + (uint)number)).ToList();
        var working = Task.WhenAll(apis.Skip(Users).Select((api, number) =>
            new RecordingWorker($"recorder-{number}", api, recorder, plan.Seed + (uint)number).RunAsync(stopWorkers.Token)));
        for (var agent = 0; agent < plan.Agents; agent++)
        {
            cluster.StartAgent(agent);
        }

        reach.Begin();
        var faults = new FaultInjector(cluster, reach, recorder).RunAsync(plan.Faults);
        await Task.WhenAll([faults, .. users.Select(user => user.RunAsync(plan.Length, faults, giveUp.Token))]);
        await cluster.RestartEndedNodesAsync();
        string[] tasks = [.. users.SelectMany(user => user.Acknowledged)];
        await RestsAsync(cluster.Node(0).Client, tasks.Length);
        var stored = await new StoredHistory(cluster.Node(plan.Nodes - 1).Client, recorder).ReadAsync(tasks);
        await stopWorkers.CancelAsync();
        await working;
        apis.ForEach(api => api.Dispose());

        IReadOnlyList<Happening> history = [.. recorder.Happenings.Concat(stored).OrderBy(happening => happening.At).ThenBy(EpochOf)];
        var checker = new HistoryChecker
        {
            WitnessedFor = WitnessedFor,
            Rules = Enum.GetValues<Rule>().Except(NotRecorded).ToHashSet(),
        };
        return new ChaosResult(
            plan, tasks.Length, history, checker.Check(history), recorder.Faults, recorder.Notes, RunningProgram.OutputOfAll());
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

    // A batch is granted at one instant.
    private static long EpochOf(Happening happening) => happening is LeaseStored lease ? lease.Epoch : 0;
}
