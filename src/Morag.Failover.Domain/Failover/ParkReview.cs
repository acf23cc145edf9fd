using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover.Guards;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// Reviews decisions to park a task by what the workers that failed it did since. If they turn out to fail every task, and the other
/// evidence would not park the task, the decision is reversed. Pure, like <see cref="FailoverPolicy"/>.
/// </summary>
public static class ParkReview
{
    /// <summary>The rule that is named by decisions that reverse another one.</summary>
    public const string Rule = "witness_suspect";

    /// <summary>The most reversals for one task. After them it stays parked until an operator decides.</summary>
    public const int MaxForOneTask = 3;

    /// <summary>The outcomes of a worker, after its failure of the task, from which its verdict no longer changes.</summary>
    private const int OutcomesToSettle = 16;

    /// <summary>The time to the next review, as a share of the time since the decision.</summary>
    private const double ShareOfAge = 0.125;

    /// <summary>Whether the decision parked a task because of its witnesses, so that it can be reviewed.</summary>
    public static bool IsReviewable(FailoverDecision decision) =>
        decision is { DecisionMetadata: { Executed: true, Reverses: null, Witnesses.IsEmpty: false } }
        && FailoverStrategies.Of(decision.SelectedAction.Strategy).ParksTask;

    /// <summary>Reviews a decision.</summary>
    public static ParkReviewResult Review(
        FailoverDecision parked, ImmutableArray<Testimony> testimonies, FailoverSettings settings, DateTimeOffset now) =>
        Decide(parked, testimonies, settings, now) is { } reversal ? new ParkReviewResult { Reversal = reversal }
        : IsSettled(testimonies) ? new ParkReviewResult()
        : new ParkReviewResult { ReviewAgainAfter = (now - parked.DecisionMetadata.DecidedAt) * ShareOfAge };

    private static bool IsSettled(ImmutableArray<Testimony> testimonies) =>
        testimonies.All(testimony => !testimony.Remembers || testimony.OutcomesSince >= OutcomesToSettle);

    /// <summary>The decision that reverses a decision to park; null when that one stands.</summary>
    public static FailoverDecision? Decide(
        FailoverDecision parked, ImmutableArray<Testimony> testimonies, FailoverSettings settings, DateTimeOffset now)
    {
        var before = parked.DecisionMetadata.Witnesses;
        var witnesses = Witnesses.Again(before, testimonies);
        ImmutableArray<Witness> suspects = [.. witnesses.Where(witness => witness.Verdict == WitnessVerdict.Suspect)];
        var known = before.Where(witness => witness.Verdict == WitnessVerdict.Suspect).Select(witness => witness.WorkerId).ToHashSet();
        var isNew = suspects.Any(suspect => !known.Contains(suspect.WorkerId));
        return isNew && !StillParks(parked, witnesses, settings.Policy) ? Reverse(parked, witnesses, suspects, now) : null;
    }

    /// <summary>The order to the queue for a decision that reverses another one.</summary>
    public static Unpark UnparkFor(FailoverDecision decision) => new()
    {
        TaskId = decision.TaskId,
        FailureId = decision.DecisionMetadata.Reverses
            ?? throw new ArgumentException("the decision does not reverse another one", nameof(decision)),
        Reason = decision.SelectedAction.Reason,
        Avoid = decision.DecisionMetadata.Witnesses.Last(witness => witness.Verdict == WitnessVerdict.Suspect).WorkerId,
        WorkersFault = Witnesses.WorkersFault(decision.DecisionMetadata.Witnesses),
    };

    private static bool StillParks(FailoverDecision parked, ImmutableArray<Witness> witnesses, PolicySettings policy)
    {
        var left = witnesses.Where(witness => witness.Verdict != WitnessVerdict.Suspect).ToList();
        var ownFailures = left.Sum(witness => witness.Failures.Length);
        var endOfChain = parked.DecisionMetadata.Guards.Any(
                guard => guard.Guard == FallbackChainGuard.GuardName && FailoverStrategies.Of(guard.Chose).ParksTask)
            && left.Exists(witness => witness.WorkerId == parked.FailureEvent.WorkerId);
        return endOfChain || ownFailures > parked.SelectedAction.MaxRetries || Witnesses.Convict(witnesses, policy);
    }

    private static FailoverDecision Reverse(
        FailoverDecision parked, ImmutableArray<Witness> witnesses, ImmutableArray<Witness> suspects, DateTimeOffset now)
    {
        var failed = suspects.Sum(suspect => (long)suspect.FailedOthers);
        var succeeded = suspects.Sum(suspect => (long)suspect.Succeeded);
        return new FailoverDecision
        {
            TaskId = parked.TaskId,
            FailureEvent = parked.FailureEvent with { Resolved = false, ResolvedAt = null, ResolutionStrategy = null },
            SelectedAction = new FailoverAction
            {
                Strategy = FailoverStrategy.ReassignSameQueue,
                MaxRetries = parked.SelectedAction.MaxRetries,
                Reason = $"the workers were at fault, not the task: {string.Join(", ", suspects.Select(Witnesses.InWords))}",
            },
            AlternativeActions =
            [
                parked.SelectedAction with { Reason = "the workers that failed the task turned out to fail every task" },
            ],
            Confidence = Confidence.LowerBound(failed, succeeded),
            DecisionMetadata = new DecisionMetadata
            {
                FailureCount = parked.DecisionMetadata.FailureCount,
                Executed = true,
                Outcome = DecisionOutcome.Pending,
                PolicyVersion = FailoverPolicy.Version,
                Rule = Rule,
                Evidence = ImmutableSortedDictionary<string, string>.Empty
                    .Add("about", "for: other tasks that the suspect workers failed; against: other tasks that they completed")
                    .Add("for", failed.ToString(CultureInfo.InvariantCulture))
                    .Add("against", succeeded.ToString(CultureInfo.InvariantCulture)),
                DecidedAt = now,
                Epoch = parked.DecisionMetadata.Epoch,
                FailureId = FailureIds.OfUnpark(parked.DecisionMetadata.FailureId),
                Witnesses = witnesses,
                Reverses = parked.DecisionMetadata.FailureId,
            },
        };
    }
}

/// <summary>The result of a review. A decision that stands and has no next review is settled.</summary>
public readonly record struct ParkReviewResult
{
    /// <summary>The decision that reverses the reviewed one; null when that one stands.</summary>
    public FailoverDecision? Reversal { get; init; }

    /// <summary>The time to the next review; null when the evidence will not change any more.</summary>
    public TimeSpan? ReviewAgainAfter { get; init; }
}
