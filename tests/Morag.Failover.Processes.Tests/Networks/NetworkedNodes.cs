using System.Globalization;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>Nodes and a Redis, each on a host of its own. The first node is the oldest.</summary>
internal sealed class NetworkedNodes : IAsyncDisposable
{
    /// <summary>Set it to <c>proxies</c> to cut the network with proxies even where network namespaces can be made.</summary>
    public const string Medium = "MORAG_PARTITIONS_BY";

    private const int ClusterPort = 4053;

    // One of these two: proxies stand in where network namespaces cannot be made.
    private readonly TestNetwork? network;
    private readonly ProxiedLinks? links;
    private readonly RedisServer redis;
    private readonly List<NodeProcess> nodes = [];

    private NetworkedNodes(int count)
    {
        if (UsesProxies)
        {
            links = new ProxiedLinks(count);
            redis = new RedisServer();
            return;
        }

        network = TestNetwork.Create(count + 1);
        var host = network[count];
        redis = new RedisServer { Host = host.Address, Launcher = host.Launcher, Settings = ["--protected-mode", "no"] };
    }

    private static bool UsesProxies =>
        TestNetwork.SkipReason is not null || Environment.GetEnvironmentVariable(Medium) == "proxies";

    public IReadOnlyList<NodeProcess> All => nodes;

    public static async Task<NetworkedNodes> StartAsync(int count, TestFolder folder, string config)
    {
        var all = new NetworkedNodes(count);
        try
        {
            await all.redis.InitializeAsync();
            for (var number = 0; number < count; number++)
            {
                all.nodes.Add(NodeProcess.StartWithoutWaiting(all.Place(number, count, new NodeProcessSettings
                {
                    Redis = all.redis.ConnectionString,
                    DataFolder = folder.Sub(string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
                    Config = config,
                })));
                await all.StartedAsync(number);
            }

            return all;
        }
        catch
        {
            await all.DisposeAsync();
            throw;
        }
    }

    public void Drop(Cut cut)
    {
        foreach (var (from, to) in cut.Dropped)
        {
            network?.Cut(network[from], network[to]);
            links?.Table[from, to].Cut();
        }
    }

    public void Heal()
    {
        network?.Heal();
        links?.Table.Heal();
    }

    /// <summary>Starts a node again that has ended.</summary>
    public async Task StartAgainAsync(NodeProcess node)
    {
        node.StartWithoutWaiting();
        await StartedAsync(nodes.IndexOf(node));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        await redis.DisposeAsync();
        network?.Dispose();
        await (links?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private NodeProcessSettings Place(int number, int count, NodeProcessSettings settings) => network is null
        ? links!.Place(number, settings)
        : settings with
        {
            NetworkHost = network[number],
            ClusterPort = ClusterPort,
            Seeds =
            [
                .. Enumerable.Range(0, count)
                    .Select(seed => string.Create(CultureInfo.InvariantCulture, $"{network[seed].Address}:{ClusterPort}")),
            ],
        };

    private Task StartedAsync(int number)
    {
        links?.Started(number, nodes[number].Program.Id);
        return nodes[number].BecomesReadyAsync();
    }
}
