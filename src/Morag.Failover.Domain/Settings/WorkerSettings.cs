namespace Morag.Failover.Domain.Settings;

/// <summary>Liveness and breakers.</summary>
public sealed record WorkerSettings
{
    /// <summary>Silence after which any worker is offline, 1 s to 24 h.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(180);

    /// <summary>Phi from which a worker that said its rhythm is suspect, above 0 and at most 100.</summary>
    public double SuspectPhi { get; init; } = 5;

    /// <summary>Phi from which it is offline, above <see cref="SuspectPhi"/> and at most 200.</summary>
    public double OfflinePhi { get; init; } = 12;

    /// <summary>The pause that phi forgives on top of the learnt rhythm, 0 to 10 min.</summary>
    public TimeSpan AcceptableHeartbeatPause { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The least standard deviation that phi assumes, 1 ms to 1 min.</summary>
    public TimeSpan MinHeartbeatDeviation { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Intervals between heartbeats that phi learns from, 10 to 1,000.</summary>
    public int HeartbeatSamples { get; init; } = 100;

    /// <summary>How long a broken session may stay without reconnection or heartbeat before the worker is lost, 0 to 10 min.</summary>
    public TimeSpan SessionGrace { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Consecutive failures that open the breaker, 1 to 1,000.</summary>
    public int BreakerThreshold { get; init; } = 5;

    /// <summary>How long the breaker opens the first time, 1 s to 24 h; each reopening from half-open doubles it.</summary>
    public TimeSpan BreakerOpenFor { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>The longest it opens for, at least <see cref="BreakerOpenFor"/>.</summary>
    public TimeSpan BreakerMaxOpenFor { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Probe tasks of a half-open breaker, 1 to 100.</summary>
    public int BreakerProbes { get; init; } = 1;

    /// <summary>How long a probe may go without an outcome before it counts as lost and another may be leased, 1 s to 24 h.</summary>
    public TimeSpan BreakerProbeTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a worker may leave work that it would be granted, or hold work without progress, before it is shown as degraded, 1 s to 24 h.</summary>
    public TimeSpan DegradedAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How often a worker's last sign of life is told to the directory, 1 s to 10 min.</summary>
    public TimeSpan SeenInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The most lease calls of one worker that may wait at a time, 1 to 10,000; beyond, they are refused (429).</summary>
    public int MaxWaitingCalls { get; init; } = 64;

    /// <summary>
    /// The most workers that may be registered, offline ones included, 1 to 1,000,000; beyond, registrations of others are refused (429).
    /// Each directory bucket gives its share of the places.
    /// </summary>
    public int MaxRegistered { get; init; } = 100_000;

    /// <summary>How long a queue partition keeps the interest of a worker that waits for leases, 1 min to 24 h.</summary>
    public TimeSpan InterestKept { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>
    /// About how often a worker that goes on waiting renews it, 10 s to 12 h and at most half of <see cref="InterestKept"/>; each time up to
    /// a fifth sooner, by chance, so that workers that came together do not stay together.
    /// </summary>
    public TimeSpan InterestRenewed { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a worker may be offline, or unregistered, before everything that is stored of it is forgotten, 1 min to 365 d.</summary>
    public TimeSpan ForgetAfter { get; init; } = TimeSpan.FromDays(7);

    /// <summary>Workers that a directory bucket wakes per second after a restart, 1 to 100,000.</summary>
    public int WakeRate { get; init; } = 500;

    /// <summary>A pause of the node's own clock from which it counts as an outage of ours, 100 ms to 1 min.</summary>
    public TimeSpan FreezeTolerance { get; init; } = TimeSpan.FromSeconds(2);
}
