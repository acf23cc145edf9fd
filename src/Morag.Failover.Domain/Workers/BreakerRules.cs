using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// How a worker's circuit breaker moves. Each rule gives the breaker after it, the same instance where nothing changes. Closed opens
/// at the threshold, by strategy or by an operator; open becomes half-open when its time is over; half-open is moved by its probes
/// alone: a success closes, a failure opens for twice as long.
/// </summary>
public static class BreakerRules
{
    /// <summary>After a failure that counts. <paramref name="consecutive"/> includes it.</summary>
    public static WorkerBreaker AfterFailure(
        WorkerBreaker breaker, FailureId failure, int consecutive, bool ofProbe, WorkerSettings settings, DateTimeOffset now) => breaker.State switch
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

    /// <summary>Without a probe that ended without saying anything about the worker: its place is free again.</summary>
    public static WorkerBreaker WithoutProbe(WorkerBreaker breaker, TaskId task, LeaseEpoch epoch) =>
        IsProbe(breaker, task, epoch)
            ? breaker with { Probes = breaker.Probes.RemoveAll(probe => probe.TaskId == task && probe.Epoch == epoch) }
            : breaker;

    /// <summary>After leases ended: a probe's success closes, a returned probe frees its place; its failure comes by the coordinator.</summary>
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

    /// <summary>Opened by the circuit_breaker strategy. Only a closed breaker opens: an open one is, and a half-open one has its probes.</summary>
    public static WorkerBreaker OpenedByStrategy(
        WorkerBreaker breaker, FailureId failure, string reason, WorkerSettings settings, DateTimeOffset now) =>
        breaker.State == BreakerState.Closed ? Opened(BreakerCause.Strategy, failure, reason, settings, now) : breaker;

    /// <summary>Opened by an operator, until it is lifted.</summary>
    public static WorkerBreaker OpenedByOperator(string reason) =>
        new() { State = BreakerState.Open, Cause = BreakerCause.Operator, Reason = reason };

    /// <summary>When the time is over: half-open, with no probe leased yet.</summary>
    public static WorkerBreaker WhenDue(WorkerBreaker breaker, DateTimeOffset now) =>
        breaker is { State: BreakerState.Open, Until: { } until } && until <= now
            ? breaker with { State = BreakerState.HalfOpen, Until = null, HalfOpenSince = now, Probes = [] }
            : breaker;

    /// <summary>After failures were excused: closed where nothing that opened it is left. An operator's stays.</summary>
    public static WorkerBreaker AfterExcuse(
        WorkerBreaker breaker, ImmutableArray<FailureId> excused, int consecutive, WorkerSettings settings) => breaker switch
        {
            { State: BreakerState.Closed } or { Cause: BreakerCause.Operator } => breaker,
            { Cause: BreakerCause.Strategy, CauseFailure: { } cause } when !excused.Contains(cause) => breaker,
            _ => consecutive < settings.BreakerThreshold ? WorkerBreaker.Closed : breaker,
        };

    /// <summary>With a lease as a probe.</summary>
    public static WorkerBreaker WithProbe(WorkerBreaker breaker, TaskId task, LeaseEpoch epoch, DateTimeOffset leasedAt) =>
        breaker.State != BreakerState.HalfOpen || IsProbe(breaker, task, epoch)
            ? breaker
            : breaker with { Probes = breaker.Probes.Add(new BreakerProbe { TaskId = task, Epoch = epoch, LeasedAt = leasedAt }) };

    /// <summary>Whether a lease is a probe.</summary>
    public static bool IsProbe(WorkerBreaker breaker, TaskId task, LeaseEpoch epoch) =>
        breaker.Probes.Any(probe => probe.TaskId == task && probe.Epoch == epoch);

    /// <summary>
    /// How many leases the breaker allows now. A probe without an outcome for the probe timeout no longer takes a place, though its
    /// outcome still counts: a lost probe wedges nothing, and a long one is not in vain.
    /// </summary>
    public static int Allows(WorkerBreaker breaker, WorkerSettings settings, DateTimeOffset now) => breaker.State switch
    {
        BreakerState.Closed => int.MaxValue,
        BreakerState.HalfOpen => Math.Max(
            0, settings.BreakerProbes - breaker.Probes.Count(probe => probe.LeasedAt + settings.BreakerProbeTimeout > now)),
        _ => 0,
    };

    private static WorkerBreaker Opened(BreakerCause cause, FailureId failure, string reason, WorkerSettings settings, DateTimeOffset now) => new()
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
