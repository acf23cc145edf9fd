namespace Morag.Failover.Contracts.Alerts;

/// <summary>Thresholds of alerts that an operator can change while the cluster runs. One that is null is not set.</summary>
[ProtoContract]
public sealed record AlertThresholds
{
    /// <summary>The longest <see cref="RaiseAfterSeconds"/> and <see cref="ResolveAfterSeconds"/>.</summary>
    public const int MaxWaitSeconds = 3_600;

    /// <summary>The shortest <see cref="QueueAgeSeconds"/>.</summary>
    public const int MinQueueAgeSeconds = 1;

    /// <summary>The longest <see cref="QueueAgeSeconds"/>: 30 days.</summary>
    public const int MaxQueueAgeSeconds = 30 * 24 * 3_600;

    /// <summary>The lowest <see cref="FlappingLosses"/>.</summary>
    public const int MinFlappingLosses = 2;

    /// <summary>The highest <see cref="FlappingLosses"/>.</summary>
    public const int MaxFlappingLosses = 100;

    /// <summary>The lowest <see cref="FailureRateAttempts"/>.</summary>
    public const int MinFailureRateAttempts = 1;

    /// <summary>The highest <see cref="FailureRateAttempts"/>.</summary>
    public const int MaxFailureRateAttempts = 1_000_000;

    /// <summary>The longest <see cref="StoreLatencySeconds"/>.</summary>
    public const int MaxStoreLatencySeconds = 60;

    /// <summary>No thresholds.</summary>
    public static readonly AlertThresholds None = new();

    /// <summary>How long a condition must hold before its alert is raised, in seconds, 0 to 3,600.</summary>
    [ProtoMember(1)] public double? RaiseAfterSeconds { get; init; }

    /// <summary>How long a condition must be over before its alert is resolved, in seconds, 0 to 3,600.</summary>
    [ProtoMember(2)] public double? ResolveAfterSeconds { get; init; }

    /// <summary>How long a task may wait in its queue, in seconds, 1 s to 30 days.</summary>
    [ProtoMember(3)] public double? QueueAgeSeconds { get; init; }

    /// <summary>The losses of one worker within an hour that count as flapping, 2 to 100.</summary>
    [ProtoMember(4)] public int? FlappingLosses { get; init; }

    /// <summary>The share of attempts that may fail, above 0 and at most 1.</summary>
    [ProtoMember(5)] public double? FailureRate { get; init; }

    /// <summary>The attempts below which <see cref="FailureRate"/> is not judged, 1 to 1,000,000.</summary>
    [ProtoMember(6)] public int? FailureRateAttempts { get; init; }

    /// <summary>How long a write to the store may take, in seconds, above 0 and at most 60.</summary>
    [ProtoMember(7)] public double? StoreLatencySeconds { get; init; }

    /// <summary>The share of the store's memory that may be in use, above 0 and at most 1.</summary>
    [ProtoMember(8)] public double? StoreUse { get; init; }

    /// <summary>Which thresholds are set.</summary>
    [JsonIgnore]
    public ImmutableArray<AlertThreshold> Given =>
        [.. Enum.GetValues<AlertThreshold>().Where(threshold => ValueOf(threshold) is not null)];

    /// <summary>The value of one; null if it is not set.</summary>
    public double? ValueOf(AlertThreshold threshold) => threshold switch
    {
        AlertThreshold.RaiseAfter => RaiseAfterSeconds,
        AlertThreshold.ResolveAfter => ResolveAfterSeconds,
        AlertThreshold.QueueAge => QueueAgeSeconds,
        AlertThreshold.FlappingLosses => FlappingLosses,
        AlertThreshold.FailureRate => FailureRate,
        AlertThreshold.FailureRateAttempts => FailureRateAttempts,
        AlertThreshold.StoreLatency => StoreLatencySeconds,
        AlertThreshold.StoreUse => StoreUse,
        _ => throw new ArgumentOutOfRangeException(nameof(threshold), threshold, "There is no such threshold."),
    };

    /// <summary>The first broken rule, with the field in its wire name; null if every threshold is in its range.</summary>
    public (string Field, string Rule)? BrokenRule() =>
        !IsIn(RaiseAfterSeconds, 0, MaxWaitSeconds) ? ("raise_after_seconds", $"must be 0 to {MaxWaitSeconds}")
        : !IsIn(ResolveAfterSeconds, 0, MaxWaitSeconds) ? ("resolve_after_seconds", $"must be 0 to {MaxWaitSeconds}")
        : !IsIn(QueueAgeSeconds, MinQueueAgeSeconds, MaxQueueAgeSeconds)
            ? ("queue_age_seconds", $"must be {MinQueueAgeSeconds} to {MaxQueueAgeSeconds}")
        : !IsIn(FlappingLosses, MinFlappingLosses, MaxFlappingLosses)
            ? ("flapping_losses", $"must be {MinFlappingLosses} to {MaxFlappingLosses}")
        : !IsIn(FailureRate, double.Epsilon, 1) ? ("failure_rate", "must be above 0 and at most 1")
        : !IsIn(FailureRateAttempts, MinFailureRateAttempts, MaxFailureRateAttempts)
            ? ("failure_rate_attempts", $"must be {MinFailureRateAttempts} to {MaxFailureRateAttempts}")
        : !IsIn(StoreLatencySeconds, double.Epsilon, MaxStoreLatencySeconds)
            ? ("store_latency_seconds", $"must be above 0 and at most {MaxStoreLatencySeconds}")
        : !IsIn(StoreUse, double.Epsilon, 1) ? ("store_use", "must be above 0 and at most 1")
        : null;

    /// <summary>These thresholds, and those of <paramref name="others"/> where one is not set here.</summary>
    public AlertThresholds Or(AlertThresholds others)
    {
        ArgumentNullException.ThrowIfNull(others);
        return new AlertThresholds
        {
            RaiseAfterSeconds = RaiseAfterSeconds ?? others.RaiseAfterSeconds,
            ResolveAfterSeconds = ResolveAfterSeconds ?? others.ResolveAfterSeconds,
            QueueAgeSeconds = QueueAgeSeconds ?? others.QueueAgeSeconds,
            FlappingLosses = FlappingLosses ?? others.FlappingLosses,
            FailureRate = FailureRate ?? others.FailureRate,
            FailureRateAttempts = FailureRateAttempts ?? others.FailureRateAttempts,
            StoreLatencySeconds = StoreLatencySeconds ?? others.StoreLatencySeconds,
            StoreUse = StoreUse ?? others.StoreUse,
        };
    }

    /// <summary>These thresholds without some of them.</summary>
    public AlertThresholds Without(ImmutableArray<AlertThreshold> removed) => new()
    {
        RaiseAfterSeconds = removed.Contains(AlertThreshold.RaiseAfter) ? null : RaiseAfterSeconds,
        ResolveAfterSeconds = removed.Contains(AlertThreshold.ResolveAfter) ? null : ResolveAfterSeconds,
        QueueAgeSeconds = removed.Contains(AlertThreshold.QueueAge) ? null : QueueAgeSeconds,
        FlappingLosses = removed.Contains(AlertThreshold.FlappingLosses) ? null : FlappingLosses,
        FailureRate = removed.Contains(AlertThreshold.FailureRate) ? null : FailureRate,
        FailureRateAttempts = removed.Contains(AlertThreshold.FailureRateAttempts) ? null : FailureRateAttempts,
        StoreLatencySeconds = removed.Contains(AlertThreshold.StoreLatency) ? null : StoreLatencySeconds,
        StoreUse = removed.Contains(AlertThreshold.StoreUse) ? null : StoreUse,
    };

    private static bool IsIn(double? value, double least, double most) => value is null || (value >= least && value <= most);
}

/// <summary>A threshold of alerts.</summary>
public enum AlertThreshold
{
    /// <summary><see cref="AlertThresholds.RaiseAfterSeconds"/>.</summary>
    RaiseAfter = 1,

    /// <summary><see cref="AlertThresholds.ResolveAfterSeconds"/>.</summary>
    ResolveAfter = 2,

    /// <summary><see cref="AlertThresholds.QueueAgeSeconds"/>.</summary>
    QueueAge = 3,

    /// <summary><see cref="AlertThresholds.FlappingLosses"/>.</summary>
    FlappingLosses = 4,

    /// <summary><see cref="AlertThresholds.FailureRate"/>.</summary>
    FailureRate = 5,

    /// <summary><see cref="AlertThresholds.FailureRateAttempts"/>.</summary>
    FailureRateAttempts = 6,

    /// <summary><see cref="AlertThresholds.StoreLatencySeconds"/>.</summary>
    StoreLatency = 7,

    /// <summary><see cref="AlertThresholds.StoreUse"/>.</summary>
    StoreUse = 8,
}
