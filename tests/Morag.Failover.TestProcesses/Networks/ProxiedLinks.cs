using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using Morag.Redis.TestServers;

namespace Morag.Failover.TestProcesses.Networks;

/// <summary>
/// Nodes on 127.0.0.1, and maybe their Redis, behind proxies that hold and delay bytes between any two of them. It stands in for a
/// <see cref="TestNetwork"/> where network namespaces cannot be made.
/// </summary>
public sealed class ProxiedLinks : IAsyncDisposable
{
    private readonly ConcurrentDictionary<int, int> processes = new();
    private readonly List<LinkProxy> proxies = [];
    private readonly int[] publicPorts;
    private readonly int[] ports;

    /// <summary>Starts the proxies of some nodes.</summary>
    public ProxiedLinks(int nodes)
    {
        Table = new LinkTable(nodes + 1);
        publicPorts = [.. Enumerable.Range(0, nodes).Select(static _ => RedisTestServer.FreePort())];
        ports = [.. Enumerable.Range(0, nodes).Select(static _ => RedisTestServer.FreePort())];
        for (var node = 0; node < nodes; node++)
        {
            StartProxy(publicPorts[node], ports[node], node);
        }
    }

    /// <summary>What is cut and late. The nodes are numbered from 0, and Redis follows.</summary>
    public LinkTable Table { get; }

    /// <summary>The ends of the links besides clients: the nodes.</summary>
    private int Redis => ports.Length;

    /// <summary>Puts a proxy before Redis, and returns the connection string for nodes.</summary>
    public string LinkTo(RedisServer redis)
    {
        var port = RedisTestServer.FreePort();
        StartProxy(port, redis.Port, Redis);
        return redis.ConnectionString.Replace(
            redis.Address, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), StringComparison.Ordinal);
    }

    /// <summary>Puts a node behind its proxy.</summary>
    /// <param name="node">Its number.</param>
    /// <param name="settings">Its settings apart from that.</param>
    public NodeProcessSettings Place(int node, NodeProcessSettings settings) => settings with
    {
        ClusterPort = ports[node],
        Seeds = [.. publicPorts.Select(static port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))],
        Config = string.Create(
            CultureInfo.InvariantCulture, $"{settings.Config}\nakka.remote.dot-netty.tcp.public-port = {publicPorts[node]}\n"),
    };

    /// <summary>Says which process a node is, whenever it has started: connections are known by the process that opened them.</summary>
    public void Started(int node, int processId) => processes[node] = processId;

    /// <summary>Breaks all connections.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in proxies)
        {
            await proxy.DisposeAsync();
        }
    }

    private void StartProxy(int port, int serverPort, int server) =>
        proxies.Add(LinkProxy.Start(port, serverPort, client => LinkOf(client, server)));

    private (LinkDirection There, LinkDirection Back) LinkOf(Socket client, int server)
    {
        var owner = ConnectionOwner.Of(client, processes.Values);

        // The client may be gone already, or be no node.
        return owner is null
            ? (new LinkDirection(), new LinkDirection())
            : Table.Of(processes.First(process => process.Value == owner).Key, server);
    }
}
