using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;

namespace Morag.Failover.Domain.Failover;

/// <summary>The strategies that would have been plausible too, each with why it lost.</summary>
internal static class Alternatives
{
    private static readonly ImmutableArray<FailoverStrategy> InOrder =
        [RetrySameWorker, ReassignSameQueue, FallbackQueue, DegradeQuality, CircuitBreaker, ManualIntervention];

    /// <summary>Those that lost to <paramref name="selected"/> and are not among the overruled.</summary>
    public static IEnumerable<Choice> Weighed(
        FailureCase failure, Choice selected, IReadOnlyCollection<FailoverStrategy> overruled, PolicySettings settings) =>
        from strategy in InOrder
        where strategy != selected.Strategy && !overruled.Contains(strategy)
        let why = WhyNot(strategy, failure, selected, settings)
        where why is not null
        select new Choice { Strategy = strategy, Because = why };

    private static string? WhyNot(FailoverStrategy strategy, FailureCase failure, Choice selected, PolicySettings settings) =>
        selected.Strategy == ManualIntervention
            ? WhyNotInsteadOfParking(strategy)
            : strategy switch
            {
                RetrySameWorker => failure.Failure.WorkerId is null ? null : WhyNotThere(failure),
                ReassignSameQueue => WhyNotReassign(failure, selected),
                FallbackQueue => failure.Type == FailureType.ResourceExhaustion
                    ? "lower quality is tried before another kind of machine"
                    : "nothing speaks against the queue itself: its other workers can take the task",
                DegradeQuality => WhyNotDegrade(failure, settings),
                CircuitBreaker => WhyNotBreaker(failure, settings),
                ManualIntervention => $"its budgets last: {Counted.Of(failure.Task.OwnFailures, "failure")} of its own before this one, of {failure.Task.MaxRetries}, "
                    + $"and {failure.Task.FleetFailures} of the fleet, of {settings.MaxFleetFailures}",
                _ => null,
            };

    private static string? WhyNotInsteadOfParking(FailoverStrategy strategy) => strategy == ReassignSameQueue
        ? "another worker would fail the same way, as the evidence says"
        : null;

    private static string WhyNotThere(FailureCase failure) => failure.Type switch
    {
        FailureType.WorkerOffline => $"{failure.WorkerName} is offline: the task would wait for a worker that may not come back",
        FailureType.WorkerOverloaded => $"{failure.WorkerName} has no room, for a retry neither",
        FailureType.ProcessingError => $"{failure.WorkerName} just failed on it: a retry there would not show whose error it is",
        FailureType.AuthenticationFailure => $"the credential of {failure.WorkerName} would be refused again",
        FailureType.ResourceExhaustion => $"{failure.WorkerName} ran out with these settings, and would again",
        _ => $"{failure.WorkerName} has {Counted.Of(failure.ConsecutiveFailures, "failure")} in a row",
    };

    private static string? WhyNotReassign(FailureCase failure, Choice selected) => selected.Strategy switch
    {
        RetrySameWorker => $"{failure.WorkerName} may only have been slow or unreachable for a moment: it is tried again first",
        FallbackQueue or DegradeQuality when failure.Type == FailureType.ResourceExhaustion => "a machine of the same kind would run out the same way",
        FallbackQueue => "the trouble is with who serves this queue: the next one is tried",
        _ => null,
    };

    private static string? WhyNotDegrade(FailureCase failure, PolicySettings settings) => failure.Type switch
    {
        FailureType.ResourceExhaustion when !settings.QualityDegradation => "quality degradation is switched off",
        FailureType.TaskTimeout => "a timeout does not show that the quality settings are too heavy",
        _ => null,
    };

    private static string? WhyNotBreaker(FailureCase failure, PolicySettings settings) => failure switch
    {
        { Failure.WorkerId: null } => null,
        { Type: FailureType.TaskTimeout } => $"{Counted.Of(failure.ConsecutiveFailures, "failure")} of {failure.WorkerName} in a row; a timeout opens its breaker from {settings.BreakerOnTimeoutFrom}",
        { Type: FailureType.AuthenticationFailure or FailureType.WorkerOverloaded } => "the worker's breaker opens by itself if its failures go on",
        _ => null,
    };
}
