using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>Updates a worker's score and breaker after failures and successes. Repeated messages count once.</summary>
public static class FailureAccounting
{
    /// <summary>Records a failure. Null if nothing changes: it is already recorded, or it does not count and is not a probe.</summary>
    public static IStoredEvent? RecordFailure(WorkerState state, RecordFailure command, WorkerSettings settings, DateTimeOffset now)
    {
        if (state.Score.RecentFailures.Contains(command.FailureId))
        {
            return null;
        }

        var ofProbe = IsOfProbe(state, command.TaskId, command.Epoch);
        if (!command.Counts)
        {
            return BreakerRules.IsProbe(state.Breaker, command.TaskId, command.Epoch)
                ? new WorkerBreakerChanged { At = now, Breaker = BreakerRules.WithoutProbe(state.Breaker, command.TaskId, command.Epoch) }
                : null;
        }

        var counts = state.Score.Counts(command.LossId);
        var consecutive = state.Score.ConsecutiveFailures + (counts ? 1 : 0);
        return new WorkerFailureRecorded
        {
            FailureId = command.FailureId,
            LossId = command.LossId,
            OccurredAt = command.OccurredAt,
            Counts = counts,
            Breaker = Changed(
                state.Breaker,
                BreakerRules.AfterFailure(state.Breaker, command.FailureId, consecutive, ofProbe, settings, now)),
            Outcome = FailureTypes.Of(command.FailureType).CountsInWorkerRecord
                ? new WorkOutcome
                {
                    FailedTask = command.TaskId,
                    FailureId = command.FailureId,
                    Queue = command.Queue,
                    ContentType = command.ContentType,
                }
                : null,
        };
    }

    /// <summary>
    /// Removes failures from the consecutive count and marks them in the record as the fault of their task. Null if nothing changes.
    /// </summary>
    public static IStoredEvent? Excuse(WorkerState state, ExcuseFailures command, WorkerSettings settings)
    {
        var score = state.Score.Excuse(command.Failures);
        if (ReferenceEquals(score, state.Score) && ReferenceEquals(state.Record.Excuse(command.Failures), state.Record))
        {
            return null;
        }

        return new WorkerFailuresExcused
        {
            Failures = command.Failures,
            Breaker = Changed(
                state.Breaker, BreakerRules.AfterExcuse(state.Breaker, command.Failures, score.ConsecutiveFailures, settings)),
        };
    }

    /// <summary>
    /// Counts a batch of outcomes. Null if nothing changes: the batch is already counted, or has no success and no probe, so that counting
    /// it again after a crash is harmless.
    /// </summary>
    public static IStoredEvent? CountOutcomes(WorkerState state, LeaseOutcomes batch)
    {
        if (batch.Number <= state.CountedBatches.GetValueOrDefault(batch.Partition))
        {
            return null;
        }

        var successes = 0;
        var duration = TimeSpan.Zero;
        foreach (var outcome in batch.Outcomes)
        {
            if (outcome.Kind == LeaseOutcomeKind.Succeeded)
            {
                successes++;
                duration += outcome.Ran;
            }
        }

        var breaker = Changed(state.Breaker, BreakerRules.AfterOutcomes(state.Breaker, batch.Outcomes));
        return successes == 0 && breaker is null
            ? null
            : new WorkerOutcomesCounted
            {
                Partition = batch.Partition,
                Number = batch.Number,
                Successes = successes,
                Duration = duration,
                Breaker = breaker,
                Outcomes = InARow(batch.Outcomes),
            };
    }

    /// <summary>The successes of a batch as record entries: consecutive successes at one kind of work are one entry.</summary>
    private static ImmutableArray<WorkOutcome> InARow(ImmutableArray<LeaseOutcome> outcomes) =>
    [
        .. outcomes
            .Where(outcome => outcome.Kind == LeaseOutcomeKind.Succeeded)
            .Select(outcome => new WorkOutcome { Queue = outcome.Queue, ContentType = outcome.ContentType })
            .Aggregate(WorkRecord.Empty, (record, outcome) => record.With(outcome))
            .Entries,
    ];

    /// <summary>Records successes on tasks that are not in a queue here.</summary>
    public static Decision<IWireMessage> RecordSuccesses(WorkerState state, RecordSuccesses command, DateTimeOffset now)
    {
        if (command.Successes.Any(success => success.DurationSeconds is not (>= 0 and <= WorkerLimits.MaxDurationSeconds)))
        {
            return Decision.Unchanged<IWireMessage>(
                Refused.Invalid("duration_seconds", $"must be 0 to {WorkerLimits.MaxDurationSeconds}"));
        }

        var names = ImmutableArray.CreateBuilder<string>();
        var successes = 0;
        var duration = TimeSpan.Zero;
        foreach (var success in command.Successes)
        {
            if (SuccessName.Of(success) is { } name)
            {
                if (state.Score.Remembers(name) || names.Contains(name.Text))
                {
                    continue;
                }

                names.Add(name.Text);
            }

            successes++;
            duration += TimeSpan.FromSeconds(success.DurationSeconds);
        }

        if (successes == 0)
        {
            return Decision.Unchanged<IWireMessage>(state.ShownScore());
        }

        var reported = new WorkerSuccessesReported
        {
            Successes = successes,
            Duration = duration,
            Names = names.ToImmutable(),
            At = now,
            Breaker = state is { IsRegistered: false, Breaker.State: BreakerState.HalfOpen } ? WorkerBreaker.Closed : null,
        };
        return new(reported, state.Apply(reported).ShownScore());
    }

    /// <summary>Opens the breaker for the circuit_breaker strategy, once per failure. Null if that failure has already opened it.</summary>
    public static IStoredEvent? OpenBreaker(
        WorkerState state, OpenBreakerByStrategy command, WorkerSettings settings, DateTimeOffset now) =>
        state.StrategyFailures.Contains(command.FailureId)
            ? null
            : new WorkerBreakerChanged
            {
                At = now,
                StrategyFailure = command.FailureId,
                Breaker = BreakerRules.OpenedByStrategy(state.Breaker, command.FailureId, command.Reason, settings, now),
            };

    /// <summary>Sets the breaker for an operator.</summary>
    public static Decision<IWireMessage> SetBreaker(WorkerState state, SetBreaker command, DateTimeOffset now)
    {
        if (!state.IsKnown)
        {
            return Decision.Unchanged<IWireMessage>(WorkerMembership.NotRegistered(state));
        }

        var moved = new WorkerBreakerChanged
        {
            At = now,
            Breaker = command.Action == BreakerAction.Open ? BreakerRules.OpenedByOperator(command.Reason) : WorkerBreaker.Closed,
            ClearsConsecutive = command.Action == BreakerAction.Reset,
        };
        return new(
            moved with { Audit = WorkerAudit.OfBreaker(state, moved.Breaker, command, now) }, state.Apply(moved).ShownScore());
    }

    /// <summary>Makes the breaker half-open if its open time is over; null if it is not.</summary>
    public static IStoredEvent? HalfOpenBreaker(WorkerState state, DateTimeOffset now) =>
        Changed(state.Breaker, BreakerRules.AfterOpenTime(state.Breaker, now)) is { } breaker
            ? new WorkerBreakerChanged { At = now, Breaker = breaker }
            : null;

    /// <summary>Turns leases granted while the breaker is half-open into its probes. Null if there are none.</summary>
    public static IStoredEvent? StartProbes(WorkerState state, IEnumerable<HeldLease> leases, DateTimeOffset now)
    {
        var breaker = state.Breaker;
        foreach (var lease in leases)
        {
            if (breaker.HalfOpenSince is { } since && lease.GrantedAt is { } grantedAt && grantedAt >= since)
            {
                breaker = BreakerRules.WithProbe(breaker, lease.TaskId, lease.Epoch, grantedAt);
            }
        }

        return Changed(state.Breaker, breaker) is { } probing ? new WorkerBreakerChanged { At = now, Breaker = probing } : null;
    }

    /// <summary>
    /// An unregistered worker gets no leases, so any report about it acts as a probe of its breaker.
    /// </summary>
    private static bool IsOfProbe(WorkerState state, TaskId task, LeaseEpoch epoch) =>
        !state.IsRegistered || BreakerRules.IsProbe(state.Breaker, task, epoch);

    private static WorkerBreaker? Changed(WorkerBreaker before, WorkerBreaker after) => ReferenceEquals(before, after) ? null : after;
}
