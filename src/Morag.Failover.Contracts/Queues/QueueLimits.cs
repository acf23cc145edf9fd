namespace Morag.Failover.Contracts.Queues;

/// <summary>Limits of a queue that an operator can change while the cluster runs. A limit that is null is not set.</summary>
[ProtoContract]
public sealed record QueueLimits
{
    /// <summary>The lowest <see cref="PerWorker"/>.</summary>
    public const int MinPerWorker = 1;

    /// <summary>The highest <see cref="PerWorker"/>.</summary>
    public const int MaxPerWorker = 10_000;

    /// <summary>The highest <see cref="Weight"/>; it must be above 0.</summary>
    public const double MaxWeight = 1_000;

    /// <summary>The shortest <see cref="UnservedAfterSeconds"/>.</summary>
    public const int MinUnservedAfterSeconds = 1;

    /// <summary>The longest <see cref="UnservedAfterSeconds"/>: 30 days.</summary>
    public const int MaxUnservedAfterSeconds = 30 * 24 * 3600;

    /// <summary>No limits.</summary>
    public static readonly QueueLimits None = new();

    /// <summary>How many of the queue's tasks one worker may hold, 1 to 10,000.</summary>
    [ProtoMember(1)] public int? PerWorker { get; init; }

    /// <summary>The queue's share when a worker serves several queues, above 0 and at most 1,000.</summary>
    [ProtoMember(2)] public double? Weight { get; init; }

    /// <summary>How long a lease lasts, in seconds, 1 s to 30 days. A task's own timeout takes precedence.</summary>
    [ProtoMember(3)] public double? TimeoutSeconds { get; init; }

    /// <summary>
    /// How long tasks wait for an available worker before they move to the next queue, in seconds, 1 s to 30 days.
    /// </summary>
    [ProtoMember(4)] public double? UnservedAfterSeconds { get; init; }

    /// <summary>Which limits are set.</summary>
    [JsonIgnore]
    public ImmutableArray<QueueLimit> Given => [.. Enum.GetValues<QueueLimit>().Where(limit => ValueOf(limit) is not null)];

    /// <summary>The first broken rule, with the field in its wire name; null if every limit is in its range.</summary>
    public (string Field, string Rule)? BrokenRule() =>
        !IsIn(PerWorker, MinPerWorker, MaxPerWorker) ? ("per_worker", $"must be {MinPerWorker} to {MaxPerWorker}")
        : !IsIn(Weight, double.Epsilon, MaxWeight) ? ("weight", $"must be above 0 and at most {MaxWeight}")
        : !IsIn(TimeoutSeconds, TaskLimits.MinTimeoutSeconds, TaskLimits.MaxTimeoutSeconds)
            ? ("timeout_seconds", $"must be {TaskLimits.MinTimeoutSeconds} to {TaskLimits.MaxTimeoutSeconds}")
        : !IsIn(UnservedAfterSeconds, MinUnservedAfterSeconds, MaxUnservedAfterSeconds)
            ? ("unserved_after_seconds", $"must be {MinUnservedAfterSeconds} to {MaxUnservedAfterSeconds}")
        : null;

    /// <summary>These limits, and those of <paramref name="others"/> where one is not set here.</summary>
    public QueueLimits Or(QueueLimits others) => new()
    {
        PerWorker = PerWorker ?? others.PerWorker,
        Weight = Weight ?? others.Weight,
        TimeoutSeconds = TimeoutSeconds ?? others.TimeoutSeconds,
        UnservedAfterSeconds = UnservedAfterSeconds ?? others.UnservedAfterSeconds,
    };

    /// <summary>These limits without some of them.</summary>
    public QueueLimits Without(ImmutableArray<QueueLimit> removed) => new()
    {
        PerWorker = removed.Contains(QueueLimit.PerWorker) ? null : PerWorker,
        Weight = removed.Contains(QueueLimit.Weight) ? null : Weight,
        TimeoutSeconds = removed.Contains(QueueLimit.Timeout) ? null : TimeoutSeconds,
        UnservedAfterSeconds = removed.Contains(QueueLimit.UnservedAfter) ? null : UnservedAfterSeconds,
    };

    private double? ValueOf(QueueLimit limit) => limit switch
    {
        QueueLimit.PerWorker => PerWorker,
        QueueLimit.Weight => Weight,
        QueueLimit.Timeout => TimeoutSeconds,
        QueueLimit.UnservedAfter => UnservedAfterSeconds,
        _ => throw new ArgumentOutOfRangeException(nameof(limit), limit, "There is no such limit."),
    };

    private static bool IsIn(double? value, double least, double most) => value is null || (value >= least && value <= most);
}

/// <summary>A limit of a queue.</summary>
public enum QueueLimit
{
    /// <summary><see cref="QueueLimits.PerWorker"/>.</summary>
    PerWorker = 1,

    /// <summary><see cref="QueueLimits.Weight"/>.</summary>
    Weight = 2,

    /// <summary><see cref="QueueLimits.TimeoutSeconds"/>.</summary>
    Timeout = 3,

    /// <summary><see cref="QueueLimits.UnservedAfterSeconds"/>.</summary>
    UnservedAfter = 4,
}
