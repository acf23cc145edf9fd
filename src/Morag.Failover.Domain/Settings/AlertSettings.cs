using Morag.Failover.Contracts.Alerts;

namespace Morag.Failover.Domain.Settings;

/// <summary>When alerts are raised and resolved, and how long they are kept.</summary>
public sealed record AlertSettings
{
    /// <summary>How often the conditions are checked, 1 s to 10 min.</summary>
    public TimeSpan CheckInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a condition must hold before its alert is raised, 0 s to 1 h.</summary>
    public TimeSpan RaiseAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a condition must be over before its alert is resolved, 0 s to 1 h. Longer means fewer repeated alerts.</summary>
    public TimeSpan ResolveAfter { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How much of a threshold a value must fall below it before the condition is over, 0 to 0.5.</summary>
    public double Hysteresis { get; init; } = 0.1;

    /// <summary>The age of the oldest waiting task that raises an alert, 1 s to 30 days.</summary>
    public TimeSpan QueueAge { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>The losses of one worker within an hour that count as flapping, 2 to 100.</summary>
    public int FlappingLosses { get; init; } = 3;

    /// <summary>The failures per finished attempt of <see cref="FailureRateWindow"/> that raise an alert, above 0 and at most 1.</summary>
    public double FailureRate { get; init; } = 0.2;

    /// <summary>The attempts below which <see cref="FailureRate"/> is not judged, 1 to 1,000,000.</summary>
    public int FailureRateAttempts { get; init; } = 20;

    /// <summary>The time over which <see cref="FailureRate"/> is counted, 10 s to 1 h.</summary>
    public TimeSpan FailureRateWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>The time of a write to the store that raises an alert, 1 ms to 1 min.</summary>
    public TimeSpan StoreLatency { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The share of the store's memory in use that raises an alert, above 0 and at most 1.</summary>
    public double StoreUse { get; init; } = 0.85;

    /// <summary>The rules that are off.</summary>
    public ImmutableArray<AlertKind> Off { get; init; } = [];

    /// <summary>The most open alerts of one kind, 1 to 1,000. One more stands for all others.</summary>
    public int MaxOpenOfKind { get; init; } = 100;

    /// <summary>How many resolved alerts are kept, 0 to 10,000.</summary>
    public int ResolvedKept { get; init; } = 1_000;

    /// <summary>How long resolved alerts are kept, 1 min to 365 days.</summary>
    public TimeSpan ResolvedKeptFor { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long an attempt to send a change to a webhook may take, 1 s to 1 min.</summary>
    public TimeSpan WebhookTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a change is sent in vain to a webhook before it is dropped, 1 min to 30 days.</summary>
    public TimeSpan WebhookGiveUpAfter { get; init; } = TimeSpan.FromHours(24);

    /// <summary>The thresholds, as operators see and change them.</summary>
    public AlertThresholds ToThresholds() => new()
    {
        RaiseAfterSeconds = RaiseAfter.TotalSeconds,
        ResolveAfterSeconds = ResolveAfter.TotalSeconds,
        QueueAgeSeconds = QueueAge.TotalSeconds,
        FlappingLosses = FlappingLosses,
        FailureRate = FailureRate,
        FailureRateAttempts = FailureRateAttempts,
        StoreLatencySeconds = StoreLatency.TotalSeconds,
        StoreUse = StoreUse,
    };

    /// <summary>These settings with the thresholds that operators have changed.</summary>
    public AlertSettings With(AlertThresholds changed) => this with
    {
        RaiseAfter = Seconds(changed.RaiseAfterSeconds) ?? RaiseAfter,
        ResolveAfter = Seconds(changed.ResolveAfterSeconds) ?? ResolveAfter,
        QueueAge = Seconds(changed.QueueAgeSeconds) ?? QueueAge,
        FlappingLosses = changed.FlappingLosses ?? FlappingLosses,
        FailureRate = changed.FailureRate ?? FailureRate,
        FailureRateAttempts = changed.FailureRateAttempts ?? FailureRateAttempts,
        StoreLatency = Seconds(changed.StoreLatencySeconds) ?? StoreLatency,
        StoreUse = changed.StoreUse ?? StoreUse,
    };

    private static TimeSpan? Seconds(double? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;
}
