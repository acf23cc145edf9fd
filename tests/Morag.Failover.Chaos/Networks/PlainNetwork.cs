using System.Globalization;
using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Chaos.Networks;

/// <summary>Everything on 127.0.0.1, and nothing in between.</summary>
internal sealed class PlainNetwork(int nodes) : ChaosNetwork(nodes, new LinkTable(nodes + 1))
{
    private readonly int[] ports = [.. Enumerable.Range(0, nodes).Select(static _ => RedisTestServer.FreePort())];

    /// <inheritdoc />
    public override NodeProcessSettings Place(int number, NodeProcessSettings settings) => settings with
    {
        ClusterPort = ports[number],
        Seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))],
    };

    /// <inheritdoc />
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
