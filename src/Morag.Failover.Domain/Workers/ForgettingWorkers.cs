using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>Which workers are forgotten, with everything that is stored of them.</summary>
public static class ForgettingWorkers
{
    /// <summary>
    /// Whether the worker may be forgotten: it has been gone for long, or it is not registered and there are more of those than are kept. Not
    /// while queues still owe something to it or it to them, nor while an operator holds its breaker open: that holds until it is lifted.
    /// </summary>
    /// <param name="state">The worker.</param>
    /// <param name="isBeyondKept">Whether there are more workers that are not registered than are kept.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="now">The time.</param>
    public static bool MayForget(WorkerState state, bool isBeyondKept, WorkerSettings settings, DateTimeOffset now) =>
        ((isBeyondKept && !state.IsRegistered) || IsLongGone(state, settings, now))
        && state.Fences.IsEmpty
        && state.Breaker is not { State: Contracts.Workers.BreakerState.Open, Cause: BreakerCause.Operator };

    private static bool IsLongGone(WorkerState state, WorkerSettings settings, DateTimeOffset now) =>
        state.GoneSince + settings.ForgetAfter <= now && !(state.Score.LastFailure + settings.ForgetAfter > now);
}
