using Morag.Failover.Chaos.Faults;

namespace Morag.Failover.Chaos;

/// <summary>Which faults a plan draws, and how often.</summary>
/// <param name="Name">Its name on the command line.</param>
/// <param name="Meaning">What it does, for the usage.</param>
/// <param name="Weights">Its faults, with their shares in percent.</param>
internal sealed record ChaosProfile(string Name, string Meaning, IReadOnlyList<(FaultKind Kind, int Percent)> Weights)
{
    /// <summary>All profiles. The first one is the default.</summary>
    public static IReadOnlyList<ChaosProfile> All { get; } =
    [
        new("processes", "nodes, agents and Redis are killed, frozen and restarted",
        [
            (FaultKind.NodeKilled, 25), (FaultKind.NodeFrozen, 15), (FaultKind.NodeRestarted, 15), (FaultKind.AgentKilled, 20),
            (FaultKind.AgentFrozen, 10), (FaultKind.RedisFrozen, 8), (FaultKind.RedisKilled, 7),
        ]) { RestSeconds = (1, 4) },
        new("partitions", "the network between nodes, to Redis and to clients is cut, in both directions or in one",
        [
            (FaultKind.NodeCutOff, 25), (FaultKind.NodeDeaf, 12), (FaultKind.NodeMute, 12), (FaultKind.NodeWithoutRedis, 10),
            (FaultKind.NodeWithoutClients, 10), (FaultKind.NodeLinksSlow, 8), (FaultKind.NodeKilled, 13), (FaultKind.AgentKilled, 10),
        ]),
        new("sentinel", "Redis fails over to its replica, because the primary is killed or frozen",
        [
            (FaultKind.RedisPrimaryKilled, 30), (FaultKind.RedisPrimaryFrozen, 30), (FaultKind.NodeKilled, 15),
            (FaultKind.NodeFrozen, 10), (FaultKind.AgentKilled, 15),
        ]),
        new("slow-redis", "Redis is slow, or pauses",
        [
            (FaultKind.RedisSlow, 35), (FaultKind.RedisPaused, 30), (FaultKind.RedisFrozen, 10), (FaultKind.NodeKilled, 10),
            (FaultKind.AgentKilled, 15),
        ]),
        new("full-redis", "the memory or the disk of Redis is full",
        [
            (FaultKind.RedisMemoryFull, 35), (FaultKind.RedisDiskFull, 25), (FaultKind.RedisKilled, 10), (FaultKind.NodeKilled, 15),
            (FaultKind.AgentKilled, 15),
        ]),
        new("clocks", "the wall clocks of nodes jump by hours",
        [
            (FaultKind.ClockJumped, 50), (FaultKind.NodeRestarted, 15), (FaultKind.NodeKilled, 15), (FaultKind.AgentKilled, 20),
        ]),
        new("rolling", "all nodes are restarted one after the other, and nodes are slow",
        [
            (FaultKind.NodesRolled, 50), (FaultKind.NodeSlow, 50),
        ]),
        new("all", "everything except fail-over of Redis",
        [
            (FaultKind.NodeKilled, 12), (FaultKind.NodeFrozen, 8), (FaultKind.NodeRestarted, 5), (FaultKind.NodesRolled, 5),
            (FaultKind.NodeSlow, 6), (FaultKind.AgentKilled, 10), (FaultKind.AgentFrozen, 6), (FaultKind.RedisFrozen, 4),
            (FaultKind.RedisKilled, 4), (FaultKind.RedisSlow, 5), (FaultKind.RedisPaused, 4), (FaultKind.RedisMemoryFull, 5),
            (FaultKind.RedisDiskFull, 4), (FaultKind.NodeCutOff, 6), (FaultKind.NodeDeaf, 3), (FaultKind.NodeMute, 3),
            (FaultKind.NodeWithoutRedis, 3), (FaultKind.NodeWithoutClients, 2), (FaultKind.NodeLinksSlow, 2),
            (FaultKind.ClockJumped, 3),
        ]),
    ];

    /// <summary>How long the processes are left alone between two faults, at least, and how much more at most.</summary>
    public (double Least, double More) RestSeconds { get; private init; } = (6, 8);

    /// <summary>What any fault of it needs.</summary>
    public IReadOnlySet<FaultNeed> Needs => Weights.Select(weight => FaultTraits.Of(weight.Kind).Need).ToHashSet();

    /// <summary>Finds a profile by its name.</summary>
    public static ChaosProfile? Find(string name) => All.FirstOrDefault(profile => profile.Name == name);

    /// <summary>The kind at a place in 0 to 99.</summary>
    public FaultKind KindAt(int place)
    {
        foreach (var (kind, percent) in Weights)
        {
            place -= percent;
            if (place < 0)
            {
                return kind;
            }
        }

        throw new InvalidOperationException($"The shares of profile {Name} do not add up to 100");
    }
}
