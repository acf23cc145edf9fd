using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>Decides which workers are forgotten, with everything stored of them.</summary>
public static class WorkerRetention
{
    /// <summary>
    /// Whether the worker may be forgotten: it has been gone for <c>forget-after</c>, or it is unregistered and there are more unregistered
    /// workers than are kept. Not while fences are unacknowledged, and not while an operator keeps its breaker open.
    /// </summary>
    /// <param name="state">The worker.</param>
    /// <param name="isBeyondKept">Whether there are more unregistered workers than are kept.</param>
    /// <param name="settings">The settings.</param>
    /// <param name="now">The time.</param>
    public static bool MayForget(WorkerState state, bool isBeyondKept, WorkerSettings settings, DateTimeOffset now) =>
        ((isBeyondKept && !state.IsRegistered) || IsLongGone(state, settings, now))
        && state.Fences.IsEmpty
        && state.Breaker is not { State: Contracts.Workers.BreakerState.Open, Cause: BreakerCause.Operator };

    private static bool IsLongGone(WorkerState state, WorkerSettings settings, DateTimeOffset now) =>
        state.GoneSince + settings.ForgetAfter <= now && !(state.Score.LastFailure + settings.ForgetAfter > now);
}
