using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Corrects a worker's state after the wall clock was set back while its entity was down: timestamps in the future become now, and no
/// deadline is further away than the duration it stands for.
/// </summary>
public static class WorkerClockCorrection
{
    /// <summary>Whether a time is in the future, or a deadline further away than its duration.</summary>
    public static bool IsNeeded(WorkerState state, DateTimeOffset now) => !ReferenceEquals(state, Corrected(state, now));

    /// <summary>The corrected state; the same instance if nothing needs correction.</summary>
    internal static WorkerState Corrected(WorkerState state, DateTimeOffset now)
    {
        var breaker = Corrected(state.Breaker, now);
        var drain = state.Drain is { Within: { } within, Deadline: { } deadline } drained && deadline > now + within
            ? drained with { Deadline = now + within }
            : state.Drain;
        var fencesAhead = state.Fences.Any(fence => fence.SilentSince > now);
        var datesAhead = state.LostAt > now || state.RegisteredAt > now || state.GoneSince > now;
        return ReferenceEquals(breaker, state.Breaker) && ReferenceEquals(drain, state.Drain) && !fencesAhead && !datesAhead
            ? state
            : state with
            {
                Breaker = breaker,
                Drain = drain,
                Fences = [.. state.Fences.Select(fence => fence.SilentSince > now ? fence with { SilentSince = now } : fence)],
                LostAt = state.LostAt > now ? now : state.LostAt,
                RegisteredAt = state.RegisteredAt > now ? now : state.RegisteredAt,
                GoneSince = state.GoneSince > now ? now : state.GoneSince,
            };
    }

    private static WorkerBreaker Corrected(WorkerBreaker breaker, DateTimeOffset now)
    {
        var until = breaker.Until > now + breaker.OpenFor ? now + breaker.OpenFor : breaker.Until;
        var halfOpenSince = breaker.HalfOpenSince > now ? now : breaker.HalfOpenSince;
        var probesAhead = breaker.Probes.Any(probe => probe.LeasedAt > now);
        return until == breaker.Until && halfOpenSince == breaker.HalfOpenSince && !probesAhead
            ? breaker
            : breaker with
            {
                Until = until,
                HalfOpenSince = halfOpenSince,
                Probes = [.. breaker.Probes.Select(probe => probe.LeasedAt > now ? probe with { LeasedAt = now } : probe)],
            };
    }
}
