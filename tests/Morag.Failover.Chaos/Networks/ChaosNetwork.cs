using Morag.Failover.Chaos.Faults;
using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Chaos.Networks;

/// <summary>Where the processes of a cluster run, and what can happen between them.</summary>
/// <param name="nodes">How many nodes there are.</param>
/// <param name="links">What its proxies do: the nodes are numbered from 0, and Redis follows.</param>
internal abstract class ChaosNetwork(int nodes, LinkTable links) : IAsyncDisposable
{
    private static readonly TimeSpan Lateness = TimeSpan.FromMilliseconds(150);

    /// <summary>What its proxies do.</summary>
    protected LinkTable Links { get; } = links;

    /// <summary>The nodes have the numbers below this one.</summary>
    protected int Nodes { get; } = nodes;

    /// <summary>The number of Redis among the ends of links.</summary>
    protected int Redis => Nodes;

    /// <summary>The token that its nodes ask for; null if they ask for none.</summary>
    public virtual string? Token => null;

    /// <summary>The words before the command line of an agent.</summary>
    public virtual IReadOnlyList<string> AgentLauncher => [];

    /// <summary>The simplest network that can do what a plan needs.</summary>
    public static ChaosNetwork For(ChaosPlan plan)
    {
        var nodes = plan.Settings.Nodes;
        var cuts = plan.Has(FaultNeed.Links) || plan.Has(FaultNeed.Namespaces);
        return (cuts || plan.Faults.Any(fault => fault.Kind == FaultKind.RedisSlow)) switch
        {
            false => new PlainNetwork(nodes),
            true when cuts && Machine.MakesNamespaces && !plan.Settings.UsesProxies => new NamespaceNetwork(nodes),
            true => ProxiedNetwork.Create(nodes),
        };
    }

    /// <summary>A Redis in its place.</summary>
    public virtual RedisServer CreateRedis() => new();

    /// <summary>The connection string for nodes.</summary>
    public virtual string LinkTo(RedisServer redis) => redis.ConnectionString;

    /// <summary>Puts a node in its place.</summary>
    /// <param name="number">Its number.</param>
    /// <param name="settings">Its settings apart from that.</param>
    public abstract NodeProcessSettings Place(int number, NodeProcessSettings settings);

    /// <summary>Says which process a node is, whenever it has started.</summary>
    public virtual void Started(int number, int processId)
    {
    }

    /// <summary>The connections of users and workers of this process.</summary>
    public virtual SocketsHttpHandler CreateClientHandler() => new();

    /// <summary>From now on, nothing passes from a node to others.</summary>
    public void CutFrom(int node) => EachOther(node, other => Cut(node, other));

    /// <summary>From now on, nothing passes from others to a node.</summary>
    public void CutTo(int node) => EachOther(node, other => Cut(other, node));

    /// <summary>From now on, nothing passes between a node and Redis.</summary>
    public void CutFromRedis(int node)
    {
        Cut(node, Redis);
        Cut(Redis, node);
    }

    /// <summary>From now on, nothing passes between a node and users and workers.</summary>
    public virtual void CutFromClients(int node) => throw new NotSupportedException("Clients cannot be cut off here");

    /// <summary>What passes between a node and other nodes is late.</summary>
    public void SlowDown(int node) => EachOther(node, other => Links.SlowDown(node, other, Lateness));

    /// <summary>What passes between nodes and Redis is late.</summary>
    public void SlowDownRedis()
    {
        for (var node = 0; node < Nodes; node++)
        {
            Links.SlowDown(node, Redis, Lateness);
        }
    }

    /// <summary>Ends all cuts and lateness.</summary>
    public virtual void Heal() => Links.Heal();

    public abstract ValueTask DisposeAsync();

    /// <summary>From now on, nothing passes in this direction.</summary>
    protected virtual void Cut(int from, int to) => Links[from, to].Cut();

    private void EachOther(int node, Action<int> act)
    {
        foreach (var other in Enumerable.Range(0, Nodes).Where(other => other != node))
        {
            act(other);
        }
    }
}
