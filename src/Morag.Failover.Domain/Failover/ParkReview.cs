using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// Looks at a decision to park again, by what its witnesses did since. Where they turn out to fail everything they are given, and what is
/// left would not park the task, the decision is taken back. Pure, like <see cref="FailoverPolicy"/>.
/// </summary>
public static class ParkReview
{
    /// <summary>The rule that decisions which take another back name.</summary>
    public const string Rule = "witness_suspect";

    /// <summary>How often a task's parking is taken back; then it stays parked until an operator decides.</summary>
    public const int MostForOneTask = 3;

    /// <summary>So many outcomes after its failure of the task settle what a witness is worth.</summary>
    private const int OutcomesToSettle = 16;

    /// <summary>Whether the decision rests on witnesses, so that it can be looked at again.</summary>
    public static bool IsReviewable(FailoverDecision decision) =>
        decision is { DecisionMetadata: { Executed: true, TakesBack: null, Witnesses.IsEmpty: false } }
        && FailoverStrategies.Of(decision.SelectedAction.Strategy).ParksTask;

    /// <summary>Whether what the witnesses are worth will not change any more.</summary>
    public static bool IsSettled(ImmutableArray<Testimony> testimonies) =>
        testimonies.All(testimony => !testimony.Remembers || testimony.OutcomesSince >= OutcomesToSettle);

    /// <summary>The decision that takes a decision to park back; null where it stands.</summary>
    public static FailoverDecision? Decide(FailoverDecision parked, ImmutableArray<Testimony> testimonies, FailoverSettings settings, DateTimeOffset now)
    {
        var before = parked.DecisionMetadata.Witnesses;
        var witnesses = Witnesses.Again(before, testimonies);
        ImmutableArray<Witness> suspects = [.. witnesses.Where(witness => witness.Verdict == WitnessVerdict.Suspect)];
        var isNew = suspects.Any(suspect => before.Any(witness => witness.WorkerId == suspect.WorkerId && witness.Verdict != WitnessVerdict.Suspect));
        return isNew && !StillParks(parked, witnesses, settings.Policy) ? TakenBack(parked, witnesses, suspects, now) : null;
    }

    /// <summary>What the queue has to do for a decision that takes another back.</summary>
    public static Unpark UnparkFor(FailoverDecision decision) => new()
    {
        TaskId = decision.TaskId,
        FailureId = decision.DecisionMetadata.TakesBack ?? throw new ArgumentException("the decision does not reverse another one", nameof(decision)),
        Reason = decision.SelectedAction.Reason,
        Avoid = decision.DecisionMetadata.Witnesses.Last(witness => witness.Verdict == WitnessVerdict.Suspect).WorkerId,
        WorkersFault = Witnesses.WorkersFault(decision.DecisionMetadata.Witnesses),
    };

    private static bool StillParks(FailoverDecision parked, ImmutableArray<Witness> witnesses, PolicySettings policy)
    {
        var left = witnesses.Where(witness => witness.Verdict != WitnessVerdict.Suspect).ToList();
        var ownFailures = left.Sum(witness => witness.Failures.Length);
        var endOfChain = parked.DecisionMetadata.Guards.Any(guard => guard is { Guard: "fallback_chain", Chose: FailoverStrategy.ManualIntervention })
            && left.Exists(witness => witness.WorkerId == parked.FailureEvent.WorkerId);
        return endOfChain || ownFailures > parked.SelectedAction.MaxRetries || Witnesses.Convict(witnesses, policy);
    }

    private static FailoverDecision TakenBack(FailoverDecision parked, ImmutableArray<Witness> witnesses, ImmutableArray<Witness> suspects, DateTimeOffset now)
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
            AlternativeActions = [parked.SelectedAction with { Reason = "the workers that failed the task turned out to fail every task" }],
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
                TakesBack = parked.DecisionMetadata.FailureId,
            },
        };
    }
}
