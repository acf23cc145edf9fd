using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Workers;

/// <summary>What failures and successes do to a worker's score and breaker. Everything here may come twice, and counts once.</summary>
public static class FailureAccounting
{
    /// <summary>Takes a failure in. Null where it changes nothing: it was taken before, or does not count and is nobody's probe.</summary>
    public static IStoredEvent? Take(WorkerState state, TakeFailure command, WorkerSettings settings, DateTimeOffset now)
    {
        if (state.Score.RecentFailures.Contains(command.FailureId))
        {
            return null;
        }

        var ofProbe = IsOfProbe(state, command.TaskId, command.Epoch);
        if (!command.Counts)
        {
            return BreakerRules.IsProbe(state.Breaker, command.TaskId, command.Epoch)
                ? new WorkerBreakerMoved { At = now, Breaker = BreakerRules.WithoutProbe(state.Breaker, command.TaskId, command.Epoch) }
                : null;
        }

        var counts = state.Score.Counts(command.LossId);
        var consecutive = state.Score.ConsecutiveFailures + (counts ? 1 : 0);
        return new WorkerFailureTaken
        {
            FailureId = command.FailureId,
            LossId = command.LossId,
            OccurredAt = command.OccurredAt,
            Counts = counts,
            Breaker = Changed(
                state.Breaker,
                BreakerRules.AfterFailure(state.Breaker, command.FailureId, consecutive, ofProbe, settings, now)),
            Outcome = FailureTypes.Of(command.FailureType).CountsInWorkerRecord
                ? new WorkOutcome { FailedTask = command.TaskId, FailureId = command.FailureId, Queue = command.Queue, ContentType = command.ContentType }
                : null,
        };
    }

    /// <summary>
    /// Takes failures off the consecutive count, and notes in the record that they were their task's own. Null if neither has any of them.
    /// </summary>
    public static IStoredEvent? Excuse(WorkerState state, ExcuseFailures command, WorkerSettings settings)
    {
        var score = state.Score.Excusing(command.Failures);
        if (ReferenceEquals(score, state.Score) && ReferenceEquals(state.Record.Excusing(command.Failures), state.Record))
        {
            return null;
        }

        return new WorkerFailuresExcused
        {
            Failures = command.Failures,
            Breaker = Changed(state.Breaker, BreakerRules.AfterExcuse(state.Breaker, command.Failures, score.ConsecutiveFailures, settings)),
        };
    }

    /// <summary>
    /// Takes a batch of outcomes. Null where there is nothing to keep: the batch was taken before, or holds no success and no probe, so
    /// that taking it again after a crash does no harm.
    /// </summary>
    public static IStoredEvent? Take(WorkerState state, LeaseOutcomes batch)
    {
        if (batch.Number <= state.OutcomesTaken.GetValueOrDefault(batch.Partition))
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

    /// <summary>The successes of a batch, in order, those in a row at one kind of work together; only as many as a record keeps.</summary>
    private static ImmutableArray<WorkOutcome> InARow(ImmutableArray<LeaseOutcome> outcomes) =>
    [
        .. outcomes
            .Where(outcome => outcome.Kind == LeaseOutcomeKind.Succeeded)
            .Aggregate(WorkRecord.Empty, (record, outcome) => record.With(new WorkOutcome { Queue = outcome.Queue, ContentType = outcome.ContentType }))
            .Entries,
    ];

    /// <summary>Records successes on tasks that are held elsewhere.</summary>
    public static Decision<IWireMessage> Record(WorkerState state, RecordSuccesses command, DateTimeOffset now)
    {
        if (command.Successes.Any(success => !double.IsFinite(success.DurationSeconds) || success.DurationSeconds is < 0 or > 31_536_000))
        {
            return Decision.Unchanged<IWireMessage>(Refused.Invalid("duration_seconds", "must be 0 to 31536000"));
        }

        var names = ImmutableArray.CreateBuilder<string>();
        var successes = 0;
        var duration = TimeSpan.Zero;
        foreach (var success in command.Successes)
        {
            // A blank stands in no id, so the two ids cannot run into each other.
            var name = success.EventId is { } eventId ? $"{success.TaskId} {eventId}" : null;
            if (name is not null)
            {
                if (state.Score.RecentSuccesses.Contains(name) || names.Contains(name))
                {
                    continue;
                }

                names.Add(name);
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

    /// <summary>Opens the breaker by strategy, once for each failure. Null where that failure asked before.</summary>
    public static IStoredEvent? OpenByStrategy(WorkerState state, OpenBreakerByStrategy command, WorkerSettings settings, DateTimeOffset now) =>
        state.StrategyFailures.Contains(command.FailureId)
            ? null
            : new WorkerBreakerMoved
            {
                At = now,
                StrategyFailure = command.FailureId,
                Breaker = BreakerRules.OpenedByStrategy(state.Breaker, command.FailureId, command.Reason, settings, now),
            };

    /// <summary>An operator sets the breaker.</summary>
    public static Decision<IWireMessage> SetBreaker(WorkerState state, SetBreaker command, DateTimeOffset now)
    {
        if (!state.IsKnown)
        {
            return Decision.Unchanged<IWireMessage>(WorkerMembership.NotRegistered(state));
        }

        var moved = new WorkerBreakerMoved
        {
            At = now,
            Breaker = command.Action == BreakerAction.Open ? BreakerRules.OpenedByOperator(command.Reason) : WorkerBreaker.Closed,
            ClearsConsecutive = command.Action == BreakerAction.Reset,
        };
        return new(moved, state.Apply(moved).ShownScore());
    }

    /// <summary>Opens half what has been open for long enough. Null where nothing is due.</summary>
    public static IStoredEvent? BreakerDue(WorkerState state, DateTimeOffset now) =>
        Changed(state.Breaker, BreakerRules.WhenDue(state.Breaker, now)) is { } breaker ? new WorkerBreakerMoved { At = now, Breaker = breaker } : null;

    /// <summary>Makes leases that were granted while the breaker is half-open its probes. Null where they are, or it is not.</summary>
    public static IStoredEvent? Probing(WorkerState state, IEnumerable<HeldLease> leases, DateTimeOffset now)
    {
        var breaker = state.Breaker;
        foreach (var lease in leases)
        {
            if (breaker.HalfOpenSince is { } since && lease.GrantedAt >= since)
            {
                breaker = BreakerRules.WithProbe(breaker, lease.TaskId, lease.Epoch, lease.GrantedAt);
            }
        }

        return Changed(state.Breaker, breaker) is { } probing ? new WorkerBreakerMoved { At = now, Breaker = probing } : null;
    }

    /// <summary>
    /// A worker that is not registered gets no leases here, so reports about it are the only probes that its breaker can have.
    /// </summary>
    private static bool IsOfProbe(WorkerState state, TaskId task, LeaseEpoch epoch) =>
        !state.IsRegistered || BreakerRules.IsProbe(state.Breaker, task, epoch);

    private static WorkerBreaker? Changed(WorkerBreaker before, WorkerBreaker after) => ReferenceEquals(before, after) ? null : after;
}
