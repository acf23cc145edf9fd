using System.Globalization;
using Morag.Failover.Chaos.Clients;
using Morag.Failover.Chaos.Faults;
using Morag.Failover.Chaos.Networks;
using Morag.Failover.Chaos.Stores;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Chaos.Clusters;

/// <summary>Redis, nodes and agents as processes of their own, and the network between them.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    // The payload says what the command does: "fast", "slow", "fails" (each time) or "exhausts" (its memory, the first time on a machine).
    private const string TaskCommand =
        """
        read -r what
        case "$what" in
          *slow*) sleep 2;;
          *fails*) sleep 0.2; exit 1;;
          *exhausts*) if mkdir "$1/exhausted-$MORAG_TASK_ID" 2>/dev/null; then exit 137; fi;;
          *) sleep 0.2;;
        esac
        printf done
        """;

    private const int OutputKept = 512 * 1024;

    private readonly string folder;
    private readonly HistoryRecorder recorder;
    private readonly List<NodeProcess> nodes = [];
    private readonly NodeWallClock[] clocks;
    private readonly RunningProgram?[] agents;

    private ChaosCluster(ChaosPlan plan, string folder, HistoryRecorder recorder)
    {
        this.folder = folder;
        this.recorder = recorder;
        Network = ChaosNetwork.For(plan);
        clocks = plan.HasClockJumps
            ? [.. Enumerable.Range(0, plan.Settings.Nodes).Select(number => new NodeWallClock(NodeFolder(number)))]
            : [];
        agents = new RunningProgram?[plan.Settings.Agents];
    }

    public ChaosRedis Redis { get; private set; } = null!;

    public ChaosNetwork Network { get; }

    public int Nodes => nodes.Count;

    /// <summary>Starts Redis and all nodes, and returns when they are ready.</summary>
    /// <param name="plan">How many there are, and what must be possible.</param>
    /// <param name="folder">The folder for their data.</param>
    /// <param name="recorder">Gets notes about nodes that end.</param>
    public static async Task<ChaosCluster> StartAsync(ChaosPlan plan, string folder, HistoryRecorder recorder)
    {
        var cluster = new ChaosCluster(plan, folder, recorder);
        try
        {
            await cluster.StartAsync(plan);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public static string AgentName(int number) => string.Create(CultureInfo.InvariantCulture, $"agent-{number}");

    public NodeProcess Node(int number) => nodes[number];

    public RunningProgram Agent(int number) => agents[number]!;

    /// <summary>The HTTP API for one client in this process.</summary>
    /// <param name="number">The number of the client, which says which node it asks first.</param>
    public ClusterApi CreateApi(int number) =>
        new([.. nodes.Select(node => node.Address)], number, Network.CreateClientHandler(), Network.Token);

    /// <summary>Starts an agent with the addresses of all nodes. Each agent prefers another node.</summary>
    public void StartAgent(int number)
    {
        var preferred = number % nodes.Count;
        agents[number] = AgentProcess.Start(new AgentProcessSettings
        {
            Launcher = Network.AgentLauncher,
            Node = nodes[preferred].Address,
            OtherNodes = [.. nodes.Where((_, other) => other != preferred).Select(node => node.Address)],
            WorkerId = AgentName(number),
            Capability = "cpu",
            WorkFolder = folder,
            Slots = 2,
            Command = ["/bin/sh", "-c", TaskCommand, "chaos", folder],
            Environment = Network.Token is { } token ? new Dictionary<string, string> { ["MORAG_TOKEN"] = token } : null,
        });
    }

    /// <summary>Kills an agent and its commands.</summary>
    public async Task KillAgentAsync(int number)
    {
        foreach (var member in Agent(number).Family())
        {
            Signals.Send(member, Signal.Kill);
        }

        await Agent(number).DisposeAsync();
        agents[number] = null;
    }

    /// <summary>Starts a node that is not running, and returns when it is ready.</summary>
    public async Task StartNodeAsync(int number)
    {
        nodes[number].StartWithoutWaiting();
        Network.Started(number, nodes[number].Program.Id);
        await nodes[number].BecomesReadyAsync();
    }

    /// <summary>Sets the wall clock of a node, and returns when the node says that it stepped.</summary>
    public async Task SetClockAsync(int number, TimeSpan ahead)
    {
        if (clocks[number].Ahead == ahead)
        {
            return;
        }

        clocks[number].Set(ahead);
        var program = nodes[number].Program;
        await Eventually.HoldsAsync(
            () => Task.FromResult(
                program.HasEnded || program.Output.Contains("The wall clock of this node stepped", StringComparison.Ordinal)),
            () => $"node {number} sees that its clock is {ahead} ahead");
    }

    /// <summary>
    /// Waits until all nodes serve and see each other. A node that has ended, because another one took over from it, is started again, as
    /// a service manager would do.
    /// </summary>
    public Task RecoverAsync() => Eventually.HoldsAsync(
        async () =>
        {
            await RestartEndedNodesAsync();
            foreach (var node in nodes)
            {
                if (!await SeesAllAsync(node))
                {
                    return false;
                }
            }

            return true;
        },
        () => "all nodes serve and see each other");

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in agents.OfType<RunningProgram>())
        {
            await agent.DisposeAsync();
        }

        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        await (Redis?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Network.DisposeAsync();
    }

    private async Task StartAsync(ChaosPlan plan)
    {
        var server = Network.CreateRedis();
        Redis = plan.Has(FaultNeed.Sentinel)
            ? await ChaosRedis.StartWithSentinelsAsync()
            : await ChaosRedis.StartAsync(server, plan.Has(FaultNeed.SmallDisk));
        var connection = plan.Has(FaultNeed.Sentinel) ? Redis.ConnectionString : Network.LinkTo(server);
        using var reader = new StreamReader(typeof(ChaosCluster).Assembly.GetManifestResourceStream("chaos.conf")!);
        var config = await reader.ReadToEndAsync();
        for (var number = 0; number < plan.Settings.Nodes; number++)
        {
            nodes.Add(NodeProcess.StartWithoutWaiting(Network.Place(number, new NodeProcessSettings
            {
                Redis = connection,
                DataFolder = NodeFolder(number),
                Config = config,
                Environment = clocks.Length > 0 ? clocks[number].Environment : null,
                OutputKept = OutputKept,
            })));
            Network.Started(number, nodes[number].Program.Id);
            await nodes[number].BecomesReadyAsync();
        }
    }

    private string NodeFolder(int number) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"node-{number}"));

    private async Task RestartEndedNodesAsync()
    {
        for (var number = 0; number < nodes.Count; number++)
        {
            if (nodes[number].Program is { HasEnded: true } ended)
            {
                recorder.Note($"node {number} has ended: {LastWordsOf(ended)}");
                await nodes[number].KillAsync();
                await StartNodeAsync(number);
            }
        }
    }

    private static string LastWordsOf(RunningProgram ended) =>
        ended.Output.Split('\n').LastOrDefault(line => line.Contains("This node was", StringComparison.Ordinal))
        ?? ended.Output[^Math.Min(ended.Output.Length, 2000)..];

    private async Task<bool> SeesAllAsync(NodeProcess node)
    {
        try
        {
            var seen = await node.Client.GetAsync<ClusterNode[]>("/cluster/nodes");
            return seen.Length == nodes.Count
                && seen.All(other => other is { Status: "up", Reachable: true })
                && await node.Client.IsReadyAsync();
        }
        catch (Exception gone) when (NodeSilence.Explains(gone))
        {
            return false;
        }
    }
}
