namespace Morag.Failover.Simulation.Worlds;

/// <summary>
/// How fast a simulated world lives. Most worlds are busy for an hour. In a slow one everything that repeats is rare, so that days pass in
/// seconds, with the deadlines, backoffs and retentions that take hours.
/// </summary>
internal sealed record Pace
{
    /// <summary>An hour in which something happens all the time.</summary>
    public static readonly Pace Busy = new();

    /// <summary>Days in which something happens now and then.</summary>
    public static readonly Pace Slow = new()
    {
        FaultStretch = 60,
        LongestTask = TimeSpan.FromHours(3),
        TaskSkew = 4,
        HangingTasks = 0.02,
        LeaseWait = TimeSpan.FromSeconds(30),
        IdlePause = TimeSpan.FromMinutes(3),
        KeeperInterval = TimeSpan.FromMinutes(2),
        PresenceTimeout = TimeSpan.FromSeconds(60),
        ReachInterval = TimeSpan.FromSeconds(5),
        Settling = TimeSpan.FromHours(2),
        LongestSettling = TimeSpan.FromHours(24),
    };

    /// <summary>The longest duration of a fault, compared with a busy world.</summary>
    public double FaultStretch { get; private init; } = 1;

    /// <summary>The longest time that a task runs.</summary>
    public TimeSpan LongestTask { get; private init; } = TimeSpan.FromSeconds(60);

    /// <summary>How much more frequent short tasks are: the power of an even draw.</summary>
    public double TaskSkew { get; private init; } = 1;

    /// <summary>The share of tasks that never end by themselves, only by their deadline.</summary>
    public double HangingTasks { get; private init; }

    /// <summary>How long a worker's call waits for leases.</summary>
    public TimeSpan LeaseWait { get; private init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a worker waits after a call that brought no lease.</summary>
    public TimeSpan IdlePause { get; private init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The keeper's interval. It is 3 s in real nodes, where polls of idle owners would be three of four messages of a simulation.
    /// </summary>
    public TimeSpan KeeperInterval { get; private init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a node's presence lasts.</summary>
    public TimeSpan PresenceTimeout { get; private init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the simulation looks which workers reach a node.</summary>
    public TimeSpan ReachInterval { get; private init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How long everything has to come to rest before the tasks are read.</summary>
    public TimeSpan Settling { get; private init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long it may take after that until the next task ends.</summary>
    public TimeSpan LongestSettling { get; init; } = TimeSpan.FromHours(6);

    /// <summary>The longest that a fault takes.</summary>
    public TimeSpan LongestFault => TimeSpan.FromMinutes(5) * FaultStretch;
}
