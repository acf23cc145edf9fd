using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>Decides open failures, and takes in what became of the decisions.</summary>
public static class FailureDecisions
{
    /// <summary>Decides a failure.</summary>
    /// <param name="state">The state of the coordinator.</param>
    /// <param name="failure">The failure.</param>
    /// <param name="fleet">The fleet as last heard of.</param>
    /// <param name="jitterDraw">The random draw for the jitter, 0 to below 1.</param>
    /// <param name="now">The current time.</param>
    /// <param name="settings">The settings.</param>
    public static Decision<FailoverDecision> Decide(
        CoordinatorState state, OpenFailure failure, FleetView fleet, double jitterDraw, DateTimeOffset now, FailoverSettings settings)
    {
        var verdict = FailoverPolicy.Decide(
            new FailureCase
            {
                FailureId = failure.Id,
                Failure = failure.Failure,
                Epoch = failure.Epoch,
                LossId = failure.LossId,
                Blame = failure.Lease?.Blame ?? LossBlame.Worker,
                Unserved = failure.Lease is { Unserved: true },
                Task = failure.PastOf(state, settings.Policy),
                Worker = failure.Worker,
                Testimonies = failure.Testimonies,
                EarlierFailures = state.FailuresOf(failure.Failure.TaskId),
                Records = state.Records,
                Fleet = fleet,
                JitterDraw = jitterDraw,
                Now = now,
            },
            settings);
        var decision = verdict.Decision with
        {
            DecisionMetadata = verdict.Decision.DecisionMetadata with { AttachedReports = failure.JoinedReports },
        };
        var decided = new FailureDecided
        {
            Decision = decision,
            Reassign = verdict.Reassign,
            OpenBreaker = verdict.OpenBreaker,
            Excuses = verdict.Excuses,
            Names = failure.Names,
            ExcludedFromBudgets = verdict.ExcludedFromBudgets,
        };
        return new(decided, decision);
    }

    /// <summary>The order for a queue that asks about a failure that is decided; null for a decision that is only advice.</summary>
    public static Reassign? Repeat(KeptFailure decided, TaskFacts facts) => decided.Decision.DecisionMetadata.Executed
        ? decided.Reassign ?? FailoverPolicy.ReassignFor(decided.Decision, decided.ExcludedFromBudgets, facts)
        : null;

    /// <summary>
    /// The queue carried a decision out, or found it superseded. The reply is null when the coordinator knew that already.
    /// </summary>
    public static Decision<DecisionResolved?> OnReassigned(CoordinatorState state, ReassignOutcome outcome, DateTimeOffset now) =>
        state.Find(outcome.FailureId) is not { Reassign: not null } failure
            ? Decision.Unchanged<DecisionResolved?>(null)
            : new(
                new DecisionCarriedOut { FailureId = failure.Id, Applied = outcome.Applied, Detail = outcome.Detail, At = now },
                Resolved(outcome.TaskId, failure.Id, outcome.Applied, outcome.Detail, now));

    /// <summary>The queue unparked a task, or found it moved on. The reply is null when the coordinator knew that already.</summary>
    public static Decision<DecisionResolved?> OnUnparked(CoordinatorState state, UnparkOutcome outcome, DateTimeOffset now) =>
        state.Find(outcome.FailureId) is not { Reversal: { DecisionMetadata.Outcome: DecisionOutcome.Pending } takenBack } failure
            ? Decision.Unchanged<DecisionResolved?>(null)
            : new(
                new UnparkCarriedOut { FailureId = failure.Id, Applied = outcome.Applied, Detail = outcome.Detail, At = now },
                Resolved(outcome.TaskId, takenBack.DecisionMetadata.FailureId, outcome.Applied, outcome.Detail, now));

    /// <summary>A worker's entity opened its breaker for a decision. Null when the coordinator knew that already.</summary>
    public static BreakerOpeningAcknowledged? OnBreakerOpened(CoordinatorState state, BreakerOpenedByStrategy opened) =>
        state.Find(opened.FailureId) is { OpenBreaker: not null } ? new BreakerOpeningAcknowledged { FailureId = opened.FailureId } : null;

    /// <summary>A worker's entity excused failures of a task: one event for each decision that asked for it.</summary>
    public static ImmutableArray<ExcuseAcknowledged> OnExcused(CoordinatorState state, FailuresExcused excused) =>
    [
        .. state
            .OwingExcuseOf(excused.TaskId, excused.WorkerId)
            .Select(failure => new ExcuseAcknowledged { FailureId = failure.Id, WorkerId = excused.WorkerId }),
    ];

    private static DecisionResolved Resolved(TaskId task, FailureId failure, bool applied, string detail, DateTimeOffset at) => new()
    {
        TaskId = task,
        FailureId = failure,
        Outcome = applied ? DecisionOutcome.Resolved : DecisionOutcome.Superseded,
        Detail = detail,
        At = at,
    };
}
