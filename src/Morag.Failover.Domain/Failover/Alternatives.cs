using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>The strategies that were plausible but not chosen, each with the reason.</summary>
internal static class Alternatives
{
    /// <summary>The alternatives to <paramref name="selected"/> that no guard overruled.</summary>
    public static IEnumerable<Choice> Weighed(
        FailureCase failure, Choice selected, IReadOnlyCollection<FailoverStrategy> overruled, PolicySettings settings) =>
        from strategy in FailoverStrategies.All
        where strategy.Strategy != selected.Strategy && !overruled.Contains(strategy.Strategy)
        let why = WhyNot(strategy, new Rejection(failure, selected, settings))
        where why is not null
        select new Choice { Strategy = strategy.Strategy, Because = why };

    private static string? WhyNot(StrategyTraits strategy, Rejection rejected)
    {
        if (rejected.Selected.Traits.ParksTask)
        {
            return strategy.WhyNotInsteadOfParking;
        }

        return strategy.NeedsWorker && rejected.Failure.Failure.WorkerId is null
            ? null
            : (FailureTypes.Of(rejected.Failure.Type).WhyNot[strategy.Strategy] ?? strategy.WhyNot)(rejected);
    }
}
