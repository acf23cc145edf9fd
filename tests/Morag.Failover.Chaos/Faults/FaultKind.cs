namespace Morag.Failover.Chaos.Faults;

/// <summary>What happens to real processes.</summary>
internal enum FaultKind
{
    /// <summary>A node is killed with SIGKILL, and starts again when the fault ends.</summary>
    NodeKilled = 1,

    /// <summary>A node is frozen with SIGSTOP. If it was taken over meanwhile, it ends, and starts again.</summary>
    NodeFrozen = 2,

    /// <summary>A node is stopped with SIGTERM, and starts again.</summary>
    NodeRestarted = 3,

    /// <summary>An agent is killed with SIGKILL together with its commands, and starts again when the fault ends.</summary>
    AgentKilled = 4,

    /// <summary>An agent is frozen with SIGSTOP.</summary>
    AgentFrozen = 5,

    /// <summary>Redis is frozen with SIGSTOP.</summary>
    RedisFrozen = 6,

    /// <summary>Redis is killed with SIGKILL, and starts again with what it wrote to disk.</summary>
    RedisKilled = 7,

    /// <summary>All nodes are stopped with SIGTERM and started again, one after the other.</summary>
    NodesRolled = 8,

    /// <summary>A node runs only a quarter of the time: SIGSTOP and SIGCONT take turns.</summary>
    NodeSlow = 9,

    /// <summary>Nothing passes between a node and the other nodes. All of them reach Redis and clients.</summary>
    NodeCutOff = 10,

    /// <summary>Nothing that the other nodes send reaches a node.</summary>
    NodeDeaf = 11,

    /// <summary>Nothing that a node sends reaches the other nodes.</summary>
    NodeMute = 12,

    /// <summary>Nothing passes between a node and Redis.</summary>
    NodeWithoutRedis = 13,

    /// <summary>Nothing passes between a node and the workers and users.</summary>
    NodeWithoutClients = 14,

    /// <summary>What passes between a node and the other nodes is late.</summary>
    NodeLinksSlow = 15,

    /// <summary>What passes between all nodes and Redis is late.</summary>
    RedisSlow = 16,

    /// <summary>Redis holds every command (CLIENT PAUSE), and answers later.</summary>
    RedisPaused = 17,

    /// <summary>Redis has no memory left (maxmemory with noeviction), and refuses writes.</summary>
    RedisMemoryFull = 18,

    /// <summary>The disk of Redis is full. With appendfsync always, Redis ends, and starts again when there is room.</summary>
    RedisDiskFull = 19,

    /// <summary>The primary Redis is killed with SIGKILL, Sentinel promotes the replica, and the killed one becomes its replica.</summary>
    RedisPrimaryKilled = 20,

    /// <summary>The primary Redis is frozen with SIGSTOP until Sentinel has promoted the replica.</summary>
    RedisPrimaryFrozen = 21,

    /// <summary>The wall clock of a node jumps by hours, and stays there. Its monotonic clock goes on.</summary>
    ClockJumped = 22,
}
