using System.Collections.Immutable;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Node.Http.Policy;

/// <summary>The settings of the failover policy that are in force on the asked node. docs/configuration.md describes each.</summary>
internal sealed record EffectivePolicy
{
    /// <summary>The version of the rules, as decisions show it.</summary>
    public required string Version { get; init; }

    /// <summary>The guards, in the order in which they check a choice.</summary>
    public required ImmutableArray<string> Guards { get; init; }

    /// <summary>The task failures after which one more parks the task.</summary>
    public int MaxRetries { get; init; }

    /// <summary>The worker and network failures after which one more parks the task.</summary>
    public int MaxFleetFailures { get; init; }

    /// <summary>The first delay of a network retry on the same worker, in seconds.</summary>
    public double NetworkRetryDelaySeconds { get; init; }

    /// <summary>The most network retries on the same worker.</summary>
    public int NetworkMaxRetries { get; init; }

    /// <summary>The first delay of a retry after a timeout, in seconds.</summary>
    public double TimeoutRetryDelaySeconds { get; init; }

    /// <summary>The most retries on the same worker after a timeout.</summary>
    public int TimeoutMaxRetries { get; init; }

    /// <summary>The consecutive failures from which a timeout opens the worker's breaker.</summary>
    public int BreakerOnTimeoutFrom { get; init; }

    /// <summary>The delay before the second reassignment, in seconds. Later delays double.</summary>
    public double ReassignDelaySeconds { get; init; }

    /// <summary>The longest delay, in seconds.</summary>
    public double MaxDelaySeconds { get; init; }

    /// <summary>The jitter that is added to a delay, as a share of it, 0 to 1.</summary>
    public double Jitter { get; init; }

    /// <summary>Whether a task that exhausts resources is retried at lower quality.</summary>
    public bool QualityDegradation { get; init; }

    /// <summary>The rungs of the quality ladder by content type.</summary>
    public required ImmutableSortedDictionary<string, ImmutableArray<JsonText>> QualityLadder { get; init; }

    /// <summary>The different workers on which a task's processing must fail to call it poison.</summary>
    public int PoisonProcessingWorkers { get; init; }

    /// <summary>The different workers that must be lost under a task to call it poison.</summary>
    public int PoisonLostWorkers { get; init; }

    /// <summary>The lost workers from which losses count as one mass loss.</summary>
    public int MassLossWorkers { get; init; }

    /// <summary>The time within which losses count together, in seconds.</summary>
    public double MassLossWindowSeconds { get; init; }

    public static EffectivePolicy Of(PolicySettings settings) => new()
    {
        Version = FailoverPolicy.Version,
        Guards = PolicyRules.Guards,
        MaxRetries = settings.MaxRetries,
        MaxFleetFailures = settings.MaxFleetFailures,
        NetworkRetryDelaySeconds = settings.NetworkRetryDelay.TotalSeconds,
        NetworkMaxRetries = settings.NetworkMaxRetries,
        TimeoutRetryDelaySeconds = settings.TimeoutRetryDelay.TotalSeconds,
        TimeoutMaxRetries = settings.TimeoutMaxRetries,
        BreakerOnTimeoutFrom = settings.BreakerOnTimeoutFrom,
        ReassignDelaySeconds = settings.ReassignDelay.TotalSeconds,
        MaxDelaySeconds = settings.MaxDelay.TotalSeconds,
        Jitter = settings.Jitter,
        QualityDegradation = settings.QualityDegradation,
        QualityLadder = settings.QualityLadder,
        PoisonProcessingWorkers = settings.PoisonProcessingWorkers,
        PoisonLostWorkers = settings.PoisonLostWorkers,
        MassLossWorkers = settings.MassLossWorkers,
        MassLossWindowSeconds = settings.MassLossWindow.TotalSeconds,
    };
}
