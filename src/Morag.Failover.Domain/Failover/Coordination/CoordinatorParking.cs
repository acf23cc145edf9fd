using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <content>Tasks that are parked: what explains them is kept, and decisions to park are looked at again.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The failures whose decision parked their task, for as long as it is parked.</summary>
    public IEnumerable<KeptFailure> Parking => OfParked.Select(place => Failures[place.Id]).Where(failure => failure.Parks);

    /// <summary>Whether the failure's decision is to be looked at again when there is more evidence.</summary>
    public bool IsUnderReview(FailureId id) =>
        Find(id) is { Parks: true, TakenBack: null } failure && ParkReview.IsReviewable(failure.Decision) && TakenBackOf(failure.Decision.TaskId) < ParkReview.MostForOneTask;

    /// <summary>What a hint of the queue that a task went on is worth: an event, or null where it says nothing new.</summary>
    public WentOn? Learn(TaskWentOn hint) => LastOf(hint.TaskId) is { } last && (hint.Succeeded ? !last.Held : last.Parks)
        ? new WentOn { FailureId = last.Id, Succeeded = hint.Succeeded }
        : null;

    /// <summary>What the queue's answer about a parked task is worth: an event where it is parked no longer.</summary>
    public WentOn? Learn(ParkedAnswer answer) => !answer.Parked && Find(answer.FailureId) is { Parks: true, IsOwed: false }
        ? new WentOn { FailureId = answer.FailureId }
        : null;

    private int TakenBackOf(TaskId task) => ByTask.GetValueOrDefault(task, []).Count(id => Failures[id].TakenBack is not null);

    private CoordinatorState After(WentOn wentOn)
    {
        if (Find(wentOn.FailureId) is not { } failure)
        {
            return this;
        }

        var counts = wentOn.Succeeded && !failure.Held && failure.TakenBack is null && WasTried(failure.Decision);
        return Settled(failure.Id, kept => kept with { WentOn = true, Held = kept.Held || wentOn.Succeeded }) with
        {
            Records = counts ? Records.Held(failure.Decision.FailureEvent.FailureType, failure.Decision.SelectedAction.Strategy) : Records,
        };
    }

    private static FailoverDecision? After(FailoverDecision? takenBack, UnparkCarriedOut outcome) => takenBack is null ? null : takenBack with
    {
        FailureEvent = outcome.Applied
            ? takenBack.FailureEvent with { Resolved = true, ResolvedAt = outcome.At, ResolutionStrategy = takenBack.SelectedAction.Strategy }
            : takenBack.FailureEvent,
        DecisionMetadata = takenBack.DecisionMetadata with
        {
            Outcome = outcome.Applied ? DecisionOutcome.Resolved : DecisionOutcome.Superseded,
            OutcomeDetail = outcome.Detail,
        },
    };

    /// <summary>The state with the task's failures among those of parked tasks, or among those that may be forgotten.</summary>
    private CoordinatorState Sorted(TaskId task)
    {
        if (!ByTask.TryGetValue(task, out var ids))
        {
            return this;
        }

        var places = ids.Select(id => Failures[id].Place);
        var parked = Failures[ids[^1]].Parks;
        return this with
        {
            OfParked = parked ? OfParked.Union(places) : OfParked.IsEmpty ? OfParked : OfParked.Except(places),
            Forgettable = parked ? Forgettable.Except(places) : Forgettable.Union(places),
        };
    }
}
