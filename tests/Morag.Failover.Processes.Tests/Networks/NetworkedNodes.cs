using System.Globalization;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Networks;

/// <summary>Nodes and a Redis, each on a host of its own. The first node is the oldest.</summary>
internal sealed class NetworkedNodes : IAsyncDisposable
{
    private const int ClusterPort = 4053;

    private readonly TestNetwork network;
    private readonly RedisServer redis;
    private readonly List<NodeProcess> nodes = [];

    private NetworkedNodes(int count)
    {
        network = TestNetwork.Create(count + 1);
        var host = network[count];
        redis = new RedisServer { Host = host.Address, Launcher = host.Launcher, Settings = ["--protected-mode", "no"] };
    }

    public IReadOnlyList<NodeProcess> All => nodes;

    public static async Task<NetworkedNodes> StartAsync(int count, TestFolder folder, string config)
    {
        var all = new NetworkedNodes(count);
        try
        {
            await all.redis.InitializeAsync();
            for (var number = 0; number < count; number++)
            {
                all.nodes.Add(await NodeProcess.StartAsync(new NodeProcessSettings
                {
                    Redis = all.redis.ConnectionString,
                    DataFolder = folder.Sub(string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
                    NetworkHost = all.network[number],
                    ClusterPort = ClusterPort,
                    Seeds =
                    [
                        .. Enumerable.Range(0, count)
                            .Select(seed => string.Create(CultureInfo.InvariantCulture, $"{all.network[seed].Address}:{ClusterPort}")),
                    ],
                    Config = config,
                }));
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
            network.Cut(network[from], network[to]);
        }
    }

    public void Heal() => network.Heal();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            await node.DisposeAsync();
        }

        await redis.DisposeAsync();
        network.Dispose();
    }
}
