using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Chaos.Networks;

/// <summary>Everything on 127.0.0.1, with proxies before the nodes and Redis that hold and delay bytes.</summary>
internal sealed class ProxiedNetwork : ChaosNetwork
{
    private readonly ProxiedLinks links;

    private ProxiedNetwork(int nodes, ProxiedLinks links)
        : base(nodes, links.Table)
    {
        this.links = links;
    }

    public static ProxiedNetwork Create(int nodes) => new(nodes, new ProxiedLinks(nodes));

    /// <inheritdoc />
    public override string LinkTo(RedisServer redis) => links.LinkTo(redis);

    /// <inheritdoc />
    public override NodeProcessSettings Place(int number, NodeProcessSettings settings) => links.Place(number, settings);

    /// <inheritdoc />
    public override void Started(int number, int processId) => links.Started(number, processId);

    /// <inheritdoc />
    public override ValueTask DisposeAsync() => links.DisposeAsync();
}
