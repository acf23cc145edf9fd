using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>The base rules with the settings in force, for people who read them.</summary>
public static class PolicyRules
{
    /// <summary>The names of the guards, in the order in which they check a choice.</summary>
    public static ImmutableArray<string> Guards => [.. FailoverPolicy.Guards.Select(guard => guard.Name)];

    /// <summary>
    /// The base rules, by type of failure. Of each type, the first rule that applies chooses. The first of all is for tasks that no worker
    /// took in time.
    /// </summary>
    public static IEnumerable<PolicyRule> Under(PolicySettings settings) =>
    [
        Shown(BaseRule.Unserved, FailureTypes.Of(FailureType.WorkerOffline), settings),
        .. from traits in FailureTypes.All
           from rule in traits.BaseRules
           select Shown(rule, traits, settings),
    ];

    private static PolicyRule Shown(BaseRule rule, FailureTypeTraits traits, PolicySettings settings) => new()
    {
        FailureType = traits.Type,
        Rule = rule.Name,
        Strategy = rule.Strategy,
        Reason = rule.Because,
        IsTaskFault = traits.IsTaskFault,
        FirstDelaySeconds = rule.FirstDelay(settings).TotalSeconds,
        MaxRetries = rule.MaxRetries(settings),
    };
}

/// <summary>One base rule.</summary>
public sealed record PolicyRule
{
    /// <summary>The type of failure that it answers.</summary>
    public required FailureType FailureType { get; init; }

    /// <summary>Its name, as decisions show it.</summary>
    public required string Rule { get; init; }

    /// <summary>What it chooses.</summary>
    public required FailoverStrategy Strategy { get; init; }

    /// <summary>When it applies, and why it chooses that.</summary>
    public required string Reason { get; init; }

    /// <summary>Whether the failure uses the task's own budget; otherwise that of workers and networks.</summary>
    public required bool IsTaskFault { get; init; }

    /// <summary>The first delay of a retry on the same worker, in seconds.</summary>
    public required double FirstDelaySeconds { get; init; }

    /// <summary>The most retries on the same worker; null means as often as the task may fail.</summary>
    public int? MaxRetries { get; init; }
}
