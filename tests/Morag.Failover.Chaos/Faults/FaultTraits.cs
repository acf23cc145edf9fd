namespace Morag.Failover.Chaos.Faults;

/// <summary>What a fault hits.</summary>
internal enum FaultTarget
{
    Node = 1,
    Agent = 2,

    /// <summary>There is only one, or it hits all.</summary>
    TheOnly = 3,
}

/// <summary>What a fault needs beyond processes and signals.</summary>
internal enum FaultNeed
{
    Nothing = 0,

    /// <summary>Links that can be cut: network namespaces or proxies.</summary>
    Links = 1,

    /// <summary>Network namespaces.</summary>
    Namespaces = 2,

    /// <summary>A small disk: mounts.</summary>
    SmallDisk = 3,

    /// <summary>libfaketime.</summary>
    FakeTime = 4,

    /// <summary>A replica and Sentinel.</summary>
    Sentinel = 5,
}

/// <summary>What a kind of fault hits, how long it lasts, and what it needs.</summary>
/// <param name="Target">What it hits.</param>
/// <param name="Least">The shortest time in seconds; 0 with <paramref name="Most"/> 0 if it ends by itself.</param>
/// <param name="Most">The longest time in seconds, for the longest freeze of a plan.</param>
/// <param name="Need">What it needs.</param>
internal sealed record FaultTraits(FaultTarget Target, double Least, Func<double, double> Most, FaultNeed Need = FaultNeed.Nothing)
{
    /// <summary>A Redis that stops for longer only makes everybody wait longer.</summary>
    private const double LongestStopOfRedis = 8;

    /// <summary>Long enough for the nodes to decide which side goes on.</summary>
    private const double LongCut = 30;

    /// <summary>Some cuts end before anything is decided, some after.</summary>
    private static double CutTime(double freeze) => Math.Clamp(freeze, 20, LongCut);

    /// <summary>The traits of a kind.</summary>
    public static FaultTraits Of(FaultKind kind) => kind switch
    {
        FaultKind.NodeKilled => new(FaultTarget.Node, 0, static _ => 10),
        FaultKind.NodeFrozen => new(FaultTarget.Node, 1, static freeze => freeze),
        FaultKind.NodeRestarted => new(FaultTarget.Node, 0, static _ => 0),
        FaultKind.NodesRolled => new(FaultTarget.TheOnly, 0, static _ => 0),
        FaultKind.NodeSlow => new(FaultTarget.Node, 4, static freeze => Math.Min(freeze, 20)),
        FaultKind.AgentKilled => new(FaultTarget.Agent, 0, static _ => 10),
        FaultKind.AgentFrozen => new(FaultTarget.Agent, 1, static freeze => freeze),
        FaultKind.RedisFrozen => new(FaultTarget.TheOnly, 1, static freeze => Math.Min(freeze, LongestStopOfRedis)),
        FaultKind.RedisKilled => new(FaultTarget.TheOnly, 0, static _ => 0),
        FaultKind.NodeCutOff or FaultKind.NodeDeaf or FaultKind.NodeMute => new(FaultTarget.Node, 1, CutTime, FaultNeed.Links),
        FaultKind.NodeWithoutRedis => new(FaultTarget.Node, 1, CutTime, FaultNeed.Links),
        FaultKind.NodeWithoutClients => new(FaultTarget.Node, 1, CutTime, FaultNeed.Namespaces),
        FaultKind.NodeLinksSlow => new(FaultTarget.Node, 1, CutTime, FaultNeed.Links),
        FaultKind.RedisSlow => new(FaultTarget.TheOnly, 2, static freeze => Math.Max(freeze / 4, 6)),
        FaultKind.RedisPaused => new(FaultTarget.TheOnly, 1, static freeze => Math.Min(freeze, LongestStopOfRedis)),
        FaultKind.RedisMemoryFull => new(FaultTarget.TheOnly, 1, static freeze => Math.Max(freeze / 4, 5)),
        FaultKind.RedisDiskFull => new(FaultTarget.TheOnly, 1, static freeze => Math.Max(freeze / 4, 5), FaultNeed.SmallDisk),
        FaultKind.RedisPrimaryKilled => new(FaultTarget.TheOnly, 0, static _ => 10, FaultNeed.Sentinel),
        FaultKind.RedisPrimaryFrozen => new(FaultTarget.TheOnly, 0, static _ => 10, FaultNeed.Sentinel),
        FaultKind.ClockJumped => new(FaultTarget.Node, 0, static _ => 0, FaultNeed.FakeTime),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Not a kind of fault"),
    };
}
