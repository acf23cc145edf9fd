using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// The transitions of a worker's circuit breaker. Each rule returns the breaker after it, or the same instance if nothing changes. A closed
/// breaker opens at the threshold, by strategy or by an operator. An open breaker becomes half-open when its open time is over. Only probes
/// move a half-open breaker: a success closes it, a failure opens it for twice as long.
/// </summary>
public static class BreakerRules
{
    /// <summary>The breaker after a failure that counts. <paramref name="consecutive"/> includes it.</summary>
    public static WorkerBreaker AfterFailure(
        WorkerBreaker breaker, FailureId failure, int consecutive, bool ofProbe, WorkerSettings settings, DateTimeOffset now) =>
        breaker.State switch
        {
            BreakerState.Closed when consecutive >= settings.BreakerThreshold => Opened(
                BreakerCause.Threshold,
                failure,
                Counted.Of(consecutive, "consecutive failure"),
                settings,
                now),
            BreakerState.HalfOpen when ofProbe => Reopened(breaker, settings, now),
            _ => breaker,
        };

    /// <summary>Removes a probe whose end is no evidence about the worker, so that another probe can start.</summary>
    public static WorkerBreaker WithoutProbe(WorkerBreaker breaker, TaskId task, LeaseEpoch epoch) =>
        IsProbe(breaker, task, epoch)
            ? breaker with { Probes = breaker.Probes.RemoveAll(probe => probe.TaskId == task && probe.Epoch == epoch) }
            : breaker;

    /// <summary>
    /// The breaker after leases ended. A probe's success closes it; a returned probe is removed; a failed probe is reported by the
    /// coordinator.
    /// </summary>
    public static WorkerBreaker AfterOutcomes(WorkerBreaker breaker, ImmutableArray<LeaseOutcome> outcomes)
    {
        if (breaker.State != BreakerState.HalfOpen)
        {
            return breaker;
        }

        foreach (var outcome in outcomes)
        {
            switch (outcome.Kind)
            {
                case LeaseOutcomeKind.Succeeded when IsProbe(breaker, outcome.TaskId, outcome.Epoch):
                    return WorkerBreaker.Closed;
                case LeaseOutcomeKind.Returned:
                    breaker = WithoutProbe(breaker, outcome.TaskId, outcome.Epoch);
                    break;
            }
        }

        return breaker;
    }

    /// <summary>Opens a closed breaker, for the circuit_breaker strategy.</summary>
    public static WorkerBreaker OpenedByStrategy(
        WorkerBreaker breaker, FailureId failure, string reason, WorkerSettings settings, DateTimeOffset now) =>
        breaker.State == BreakerState.Closed ? Opened(BreakerCause.Strategy, failure, reason, settings, now) : breaker;

    /// <summary>The breaker that an operator opened. It stays open until an operator closes it.</summary>
    public static WorkerBreaker OpenedByOperator(string reason) =>
        new() { State = BreakerState.Open, Cause = BreakerCause.Operator, Reason = reason };

    /// <summary>Makes an open breaker half-open when its open time is over.</summary>
    public static WorkerBreaker AfterOpenTime(WorkerBreaker breaker, DateTimeOffset now) =>
        breaker is { State: BreakerState.Open, Until: { } until } && until <= now
            ? breaker with { State = BreakerState.HalfOpen, Until = null, HalfOpenSince = now, Probes = [] }
            : breaker;

    /// <summary>Closes the breaker if every failure that opened it is excused. A breaker that an operator opened stays open.</summary>
    public static WorkerBreaker AfterExcuse(
        WorkerBreaker breaker, ImmutableArray<FailureId> excused, int consecutive, WorkerSettings settings) => breaker switch
        {
            { State: BreakerState.Closed } or { Cause: BreakerCause.Operator } => breaker,
            { Cause: BreakerCause.Strategy, CauseFailure: { } cause } when !excused.Contains(cause) => breaker,
            _ => consecutive < settings.BreakerThreshold ? WorkerBreaker.Closed : breaker,
        };

    /// <summary>Adds a lease as a probe.</summary>
    public static WorkerBreaker WithProbe(WorkerBreaker breaker, TaskId task, LeaseEpoch epoch, DateTimeOffset leasedAt) =>
        breaker.State != BreakerState.HalfOpen || IsProbe(breaker, task, epoch)
            ? breaker
            : breaker with { Probes = breaker.Probes.Add(new BreakerProbe { TaskId = task, Epoch = epoch, LeasedAt = leasedAt }) };

    /// <summary>Whether a lease is a probe.</summary>
    public static bool IsProbe(WorkerBreaker breaker, TaskId task, LeaseEpoch epoch) =>
        breaker.Probes.Any(probe => probe.TaskId == task && probe.Epoch == epoch);

    /// <summary>
    /// The number of leases that the breaker allows now. A probe without an outcome within the probe timeout no longer takes up a place, so
    /// a lost probe cannot block the breaker; its outcome still counts.
    /// </summary>
    public static int AllowedLeases(WorkerBreaker breaker, WorkerSettings settings, DateTimeOffset now) => breaker.State switch
    {
        BreakerState.Closed => int.MaxValue,
        BreakerState.HalfOpen => Math.Max(
            0, settings.BreakerProbes - breaker.Probes.Count(probe => probe.LeasedAt + settings.BreakerProbeTimeout > now)),
        _ => 0,
    };

    private static WorkerBreaker Opened(
        BreakerCause cause, FailureId failure, string reason, WorkerSettings settings, DateTimeOffset now) => new()
        {
            State = BreakerState.Open,
            Until = now + settings.BreakerOpenFor,
            OpenFor = settings.BreakerOpenFor,
            Cause = cause,
            CauseFailure = failure,
            Reason = reason,
        };

    private static WorkerBreaker Reopened(WorkerBreaker breaker, WorkerSettings settings, DateTimeOffset now)
    {
        var doubled = breaker.OpenFor * 2;
        var openFor = doubled < settings.BreakerMaxOpenFor ? doubled : settings.BreakerMaxOpenFor;
        return breaker with
        {
            State = BreakerState.Open,
            Until = now + openFor,
            OpenFor = openFor,
            HalfOpenSince = null,
            Probes = [],
            Reason = "a probe failed",
        };
    }
}
