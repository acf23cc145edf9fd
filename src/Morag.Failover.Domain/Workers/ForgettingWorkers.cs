using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>Which workers are forgotten, with everything that is stored of them.</summary>
public static class ForgettingWorkers
{
    /// <summary>
    /// Whether the worker has been gone for so long that it may be forgotten. Not while queues still owe something to it or it to them, nor
    /// while an operator holds its breaker open: that holds until it is lifted.
    /// </summary>
    public static bool MayForget(WorkerState state, WorkerSettings settings, DateTimeOffset now) =>
        state.GoneSince + settings.ForgetAfter <= now
        && !(state.Score.LastFailure + settings.ForgetAfter > now)
        && state.Fences.IsEmpty
        && state.Breaker is not { State: Contracts.Workers.BreakerState.Open, Cause: Contracts.Workers.BreakerCause.Operator };
}
