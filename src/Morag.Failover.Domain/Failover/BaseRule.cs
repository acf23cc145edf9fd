using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>One row of the base rule: the strategy that answers a failure before any guard checks it.</summary>
/// <param name="Name">The name that decisions show.</param>
/// <param name="Strategy">The strategy.</param>
/// <param name="Because">Why, for the explanation.</param>
internal sealed record BaseRule(string Name, FailoverStrategy Strategy, string Because)
{
    /// <summary>The rule for a task that no worker took in time: no lease has failed.</summary>
    public static readonly BaseRule Unserved =
        new("unserved", FailoverStrategy.FallbackQueue, "no available worker took the task from its queue in time");

    /// <summary>When the rule applies; by default always.</summary>
    public Func<FailureCase, PolicySettings, bool> When { get; init; } = (_, _) => true;

    /// <summary>The first delay of a retry on the same worker.</summary>
    public Func<PolicySettings, TimeSpan> FirstDelay { get; init; } = _ => TimeSpan.Zero;

    /// <summary>How often the action may be repeated for one task; null means as often as the task may fail.</summary>
    public Func<PolicySettings, int?> MaxRetries { get; init; } = _ => null;

    /// <summary>The rule that chooses for a failure.</summary>
    public static BaseRule For(FailureCase failure, PolicySettings settings) =>
        failure.Unserved ? Unserved : FailureTypes.Of(failure.Type).BaseRules.First(rule => rule.When(failure, settings));

    /// <summary>What the rule chooses.</summary>
    public Choice Choose(PolicySettings settings) => new()
    {
        Strategy = Strategy,
        Because = Because,
        FirstDelay = FirstDelay(settings),
        MaxRetries = MaxRetries(settings),
    };
}
