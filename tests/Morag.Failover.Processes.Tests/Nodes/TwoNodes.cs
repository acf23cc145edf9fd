using System.Globalization;
using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests.Nodes;

/// <summary>Two nodes on one Redis. The first one is the oldest.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private readonly NodeProcess?[] nodes = new NodeProcess?[2];

    private TwoNodes()
    {
    }

    public NodeProcess this[int number] => nodes[number]!;

    /// <summary>Empties the Redis, starts both nodes, and returns when they are ready.</summary>
    /// <param name="server">The Redis.</param>
    /// <param name="folder">The folder for their data folders.</param>
    /// <param name="config">Their settings.</param>
    /// <param name="links">The links to the nodes and to Redis; null if none of them is cut.</param>
    public static async Task<TwoNodes> StartAsync(RedisServer server, TestFolder folder, string config, ProxiedLinks? links = null)
    {
        await server.FlushAsync();
        int[] ports = [RedisTestServer.FreePort(), RedisTestServer.FreePort()];
        var redis = links?.LinkTo(server) ?? server.ConnectionString;
        var two = new TwoNodes();
        try
        {
            for (var number = 0; number < ports.Length; number++)
            {
                var settings = new NodeProcessSettings
                {
                    Redis = redis,
                    DataFolder = Path.Combine(folder.Path, string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
                    ClusterPort = ports[number],
                    Seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))],
                    Config = config,
                };
                var node = NodeProcess.StartWithoutWaiting(links?.Place(number, settings) ?? settings);
                two.nodes[number] = node;
                links?.Started(number, node.Program.Id);
                await node.BecomesReadyAsync();
            }

            return two;
        }
        catch
        {
            await two.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in nodes)
        {
            if (node is not null)
            {
                await node.DisposeAsync();
            }
        }
    }
}
