using System.Globalization;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Chaos.Clusters;

/// <summary>Redis, nodes and agents as processes of their own.</summary>
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

    private readonly string folder;
    private readonly NodeProcess[] nodes;
    private readonly RunningProgram?[] agents;

    private ChaosCluster(string folder, RedisServer redis, NodeProcess[] nodes, int agents)
    {
        this.folder = folder;
        Redis = redis;
        this.nodes = nodes;
        this.agents = new RunningProgram?[agents];
    }

    public RedisServer Redis { get; }

    /// <summary>The addresses of all nodes.</summary>
    public Uri[] Addresses => [.. nodes.Select(node => node.Address)];

    /// <summary>Starts Redis and all nodes, and returns when they are ready.</summary>
    public static async Task<ChaosCluster> StartAsync(ChaosPlan plan, string folder)
    {
        var redis = new RedisServer();
        await redis.InitializeAsync();
        int[] ports = [.. Enumerable.Range(0, plan.Nodes).Select(_ => RedisTestServer.FreePort())];
        string[] seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))];
        using var reader = new StreamReader(typeof(ChaosCluster).Assembly.GetManifestResourceStream("chaos.conf")!);
        var config = await reader.ReadToEndAsync();
        var nodes = new List<NodeProcess>();
        foreach (var port in ports)
        {
            nodes.Add(await NodeProcess.StartAsync(new NodeProcessSettings
            {
                Redis = redis.ConnectionString,
                DataFolder = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"node-{nodes.Count}")),
                ClusterPort = port,
                Seeds = seeds,
                Config = config,
            }));
        }

        return new ChaosCluster(folder, redis, [.. nodes], plan.Agents);
    }

    public static string AgentName(int number) => string.Create(CultureInfo.InvariantCulture, $"agent-{number}");

    public NodeProcess Node(int number) => nodes[number];

    public RunningProgram Agent(int number) => agents[number]!;

    /// <summary>Starts an agent with the addresses of all nodes. Each agent prefers another node.</summary>
    public void StartAgent(int number)
    {
        var preferred = number % nodes.Length;
        agents[number] = AgentProcess.Start(new AgentProcessSettings
        {
            Node = nodes[preferred].Address,
            OtherNodes = [.. nodes.Where((_, other) => other != preferred).Select(node => node.Address)],
            WorkerId = AgentName(number),
            Capability = "cpu",
            WorkFolder = folder,
            Slots = 2,
            Command = ["/bin/sh", "-c", TaskCommand, "chaos", folder],
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

    /// <summary>
    /// Waits until a node that was frozen serves again. If it ends, because another one took over from it, it is started again, as a
    /// service manager would do.
    /// </summary>
    public async Task ServesAgainAsync(int number)
    {
        var node = nodes[number];
        await Eventually.HoldsAsync(
            async () => node.Program.HasEnded || await node.Client.IsReadyAsync(), () => $"node {number} serves or ends after its freeze");
        await RestartEndedNodesAsync();
    }

    /// <summary>Starts every node again that has ended by itself. A node can learn late that it was taken over.</summary>
    public async Task RestartEndedNodesAsync()
    {
        foreach (var node in nodes.Where(node => node.Program.HasEnded))
        {
            await node.KillAsync();
            await node.StartAgainAsync();
        }
    }

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

        await Redis.DisposeAsync();
    }
}
