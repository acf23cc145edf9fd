namespace Morag.Failover.Domain.Settings;

/// <summary>The settings of liveness and breakers.</summary>
public sealed record WorkerSettings
{
    /// <summary>Silence after which every worker is offline, 1 s to 24 h.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Phi at which a worker that declared a heartbeat interval becomes suspect, above 0 and at most 100.</summary>
    public double SuspectPhi { get; init; } = 5;

    /// <summary>Phi at which it becomes offline, above <see cref="SuspectPhi"/> and at most 200.</summary>
    public double OfflinePhi { get; init; } = 12;

    /// <summary>The extra silence that phi tolerates on top of the mean interval, 0 to 10 min.</summary>
    public TimeSpan AcceptableHeartbeatPause { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The smallest standard deviation that phi assumes, 1 ms to 1 min.</summary>
    public TimeSpan MinHeartbeatDeviation { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The number of heartbeat intervals that phi learns from, 10 to 1,000.</summary>
    public int HeartbeatSamples { get; init; } = 100;

    /// <summary>
    /// How long a worker may take to reconnect or send a heartbeat after its session broke, before it is lost, 0 to 10 min.
    /// </summary>
    public TimeSpan SessionGrace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Consecutive failures that open the breaker, 1 to 1,000.</summary>
    public int BreakerThreshold { get; init; } = 5;

    /// <summary>The first open time of the breaker, 1 s to 24 h. Each reopening from half-open doubles it.</summary>
    public TimeSpan BreakerOpenFor { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>The longest open time, at least <see cref="BreakerOpenFor"/>.</summary>
    public TimeSpan BreakerMaxOpenFor { get; init; } = TimeSpan.FromHours(1);

    /// <summary>The number of concurrent probes of a half-open breaker, 1 to 100.</summary>
    public int BreakerProbes { get; init; } = 1;

    /// <summary>How long a probe may take before another probe may start, 1 s to 24 h.</summary>
    public TimeSpan BreakerProbeTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// How long a live worker may ignore available work, or hold a task without progress, before it is displayed as degraded, 1 s to 24 h.
    /// </summary>
    public TimeSpan DegradedAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a worker's last sign of life is reported to the directory, 1 s to 10 min.</summary>
    public TimeSpan SeenInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most concurrently waiting lease calls of one worker, 1 to 10,000. Further calls get 429.</summary>
    public int MaxWaitingCalls { get; init; } = 64;

    /// <summary>
    /// The most registered workers, offline ones included, 1 to 1,000,000. Further registrations get 429. Each directory bucket admits its
    /// share.
    /// </summary>
    public int MaxRegistered { get; init; } = 100_000;

    /// <summary>How long a queue partition remembers that a worker waits for leases, 1 min to 24 h.</summary>
    public TimeSpan InterestKept { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// How often a worker that still waits renews this, 10 s to 12 h and at most half of <see cref="InterestKept"/>. Up to 20 % of random
    /// jitter is subtracted each time, to spread the load.
    /// </summary>
    public TimeSpan InterestRenewed { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a worker must be offline or unregistered before everything stored of it is deleted, 1 min to 365 d.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The number of worker entities that a directory bucket starts per second after a restart, 1 to 100,000.</summary>
    public int WakeRate { get; init; } = 500;

    /// <summary>The shortest pause of a node that counts as an outage of the node, 100 ms to 1 min; at least 1 s for other nodes.</summary>
    public TimeSpan FreezeTolerance { get; init; } = TimeSpan.FromSeconds(2);
}
