namespace Morag.Failover.Domain.Settings;

/// <summary>The settings of the failover policy.</summary>
public sealed record PolicySettings
{
    /// <summary>The task failures after which one more parks the task, 0 to 100. A task may set its own number.</summary>
    public int MaxRetries { get; init; } = 3;

    /// <summary>The worker and network failures after which one more parks the task, 1 to 1,000.</summary>
    public int MaxFleetFailures { get; init; } = 10;

    /// <summary>The first delay of a network retry on the same worker, 0 to 1 h.</summary>
    public TimeSpan NetworkRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Network retries on the same worker, 0 to 100.</summary>
    public int NetworkMaxRetries { get; init; } = 2;

    /// <summary>The first delay of a retry after a timeout, 0 to 1 h.</summary>
    public TimeSpan TimeoutRetryDelay { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Retries on the same worker after a timeout, 0 to 100.</summary>
    public int TimeoutMaxRetries { get; init; } = 3;

    /// <summary>Consecutive failures from which a timeout opens the worker's breaker, 1 to 1,000.</summary>
    public int BreakerOnTimeoutFrom { get; init; } = 3;

    /// <summary>The delay before the second reassignment, 0 to 1 h. The first is immediate; later delays double.</summary>
    public TimeSpan ReassignDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest delay, 1 s to 24 h.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>The jitter that is added to a delay, as a share of it, 0 to 1.</summary>
    public double Jitter { get; init; } = 0.1;

    /// <summary>Whether a task that exhausts resources is retried at lower quality.</summary>
    public bool QualityDegradation { get; init; } = true;

    /// <summary>
    /// The quality rungs by content type, in order; <c>*</c> is for all other types. Each is a JSON object that is merged over the quality
    /// settings of the task.
    /// </summary>
    public ImmutableSortedDictionary<string, ImmutableArray<JsonText>> QualityLadder { get; init; } =
        ImmutableSortedDictionary<string, ImmutableArray<JsonText>>.Empty.Add(
            "*", [JsonText.Trusted("""{"disable_diarization":true,"reduce_quality":true}""")]);

    /// <summary>Different workers on which a task's processing must fail to call it poison, 2 to 100.</summary>
    public int PoisonProcessingWorkers { get; init; } = 2;

    /// <summary>Different workers that must be lost under a task to call it poison, 2 to 100.</summary>
    public int PoisonLostWorkers { get; init; } = 3;

    /// <summary>Workers lost within <see cref="MassLossWindow"/> from which the losses count as one mass loss, 2 to 10,000.</summary>
    public int MassLossWorkers { get; init; } = 3;

    /// <summary>The time within which losses count together, 1 s to 10 min.</summary>
    public TimeSpan MassLossWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long failures and decisions are kept, 1 h to 365 days.</summary>
    public TimeSpan HistoryKept { get; init; } = TimeSpan.FromDays(7);

    /// <summary>The most failures kept by one coordinator, 100 to 10,000,000; counters are kept beyond.</summary>
    public int MaxFailuresKept { get; init; } = 20_000;

    /// <summary>The most failures that one coordinator decides at once, 10 to 1,000,000. Further reports are rejected.</summary>
    public int MaxInProgress { get; init; } = 10_000;

    /// <summary>The most bytes that the failures kept by one coordinator may take, by its own estimate; 1 MiB or more.</summary>
    public long MaxHistoryBytes { get; init; } = 32L * 1024 * 1024;
}
