using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <content>Witnesses: their records are asked for before a failure is decided, and again while a task is parked on their word.</content>
public sealed partial class FailoverCoordinator
{
    /// <summary>How long a decision waits for the records of earlier witnesses; then it is made without them.</summary>
    private static readonly TimeSpan RecordsWithin = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan ReviewInterval = TimeSpan.FromSeconds(5);

    /// <summary>The most decisions taken back at one look: what was parked by mistake comes back bit by bit.</summary>
    private const int MostTakenBackAtOnce = 20;

    /// <summary>The most parked tasks that the queue is asked about at once.</summary>
    private const int MostAskedAbout = 100;

    private readonly Dictionary<(TaskId Task, WorkerId Witness), List<PendingFailure>> unheard = [];
    private readonly ParkReviews reviews = new(ReviewInterval);
    private int takenBackSinceLook;
    private FailureId? lastAskedAbout;

    private void AskWitnesses(PendingFailure failure)
    {
        var task = failure.Failure.TaskId;
        var history = failure.Lease is { } lease ? TaskPast.Told(lease.Facts).History : State.HistoryOf(task);
        failure.WaitsForRecordsUntil = Now + RecordsWithin;
        foreach (var witness in FailoverPolicy.WitnessesToAsk(failure.Failure, history))
        {
            failure.Unheard.Add(witness);
            if (!unheard.TryGetValue((task, witness), out var waiting))
            {
                unheard[(task, witness)] = waiting = [];
            }

            waiting.Add(failure);
            regions.Workers.Tell(new AskTestimony { WorkerId = witness, TaskId = task }, Self);
        }
    }

    private void Take(FailureTaken taken)
    {
        if (pending.TryGetValue(taken.FailureId, out var failure) && failure.Taken is null)
        {
            failure.Taken = taken;
            unansweredFailures.Acknowledge(failure.Id);
            if (taken.Testimony is { } testimony)
            {
                failure.Testimonies.Add(testimony);
            }

            DecideOnceHeard(failure);
        }
    }

    private void Take(TestimonyGiven given)
    {
        if (unheard.Remove((given.TaskId, given.Testimony.WorkerId), out var waiting))
        {
            foreach (var failure in waiting)
            {
                failure.Unheard.Remove(given.Testimony.WorkerId);
                failure.Testimonies.Add(given.Testimony);
                DecideOnceHeard(failure);
            }
        }

        foreach (var (parked, testimonies) in reviews.Heard(given))
        {
            Judge(parked, testimonies);
        }
    }

    private void DecideOnceHeard(PendingFailure failure)
    {
        if (failure.Taken is not null && failure.Unheard.Count == 0)
        {
            Decide(failure);
        }
    }

    /// <summary>The decision does not wait any longer for those that did not answer.</summary>
    private void StopWaitingForWitnesses(PendingFailure failure)
    {
        foreach (var witness in failure.Unheard)
        {
            var about = (failure.Failure.TaskId, witness);
            if (unheard.TryGetValue(about, out var waiting) && waiting.Remove(failure) && waiting.Count == 0)
            {
                unheard.Remove(about);
            }
        }
    }

    // --- A task is parked: what its witnesses do from then on may show that they are to blame.

    private void ReviewLater(FailureId id)
    {
        if (State.IsUnderReview(id))
        {
            reviews.Begin([id], Now);
            ReviewAgainSoon();
        }
    }

    private void ReviewAgainSoon()
    {
        if (!reviews.IsEmpty && !Timers.IsTimerActive(nameof(Review)))
        {
            Timers.StartSingleTimer(nameof(Review), Review.Instance, ReviewInterval);
        }
    }

    private void ReviewWhatIsDue()
    {
        takenBackSinceLook = 0;
        foreach (var id in reviews.TakeDue(Now, State.IsUnderReview))
        {
            var decision = State.Find(id)!.Decision;
            var witnesses = decision.DecisionMetadata.Witnesses.Select(witness => witness.WorkerId).ToList();
            reviews.Asked(id, decision.TaskId, witnesses);
            witnesses.ForEach(witness => regions.Workers.Tell(new AskTestimony { WorkerId = witness, TaskId = decision.TaskId }, Self));
        }

        ReviewAgainSoon();
    }

    private void Judge(FailureId parked, IReadOnlyList<Testimony> testimonies)
    {
        if (!State.IsUnderReview(parked) || State.Find(parked) is not { } failure)
        {
            reviews.End(parked);
        }
        else if (ParkReview.Decide(failure.Decision, [.. testimonies], settings, Now) is not { } takenBack)
        {
            reviews.Again(parked, failure.Decision.DecisionMetadata.DecidedAt, Now, isSettled: ParkReview.IsSettled([.. testimonies]));
        }
        else if (takenBackSinceLook < MostTakenBackAtOnce)
        {
            takenBackSinceLook++;
            reviews.End(parked);
            Commit(new ParkTakenBack { FailureId = parked, Decision = takenBack }, _ =>
            {
                Context.System.EventStream.Publish(new DecisionMade { Decision = takenBack });
                CarryOut(parked);
            });
        }
        else
        {
            reviews.Begin([parked], Now);
        }
    }

    private void Take(UnparkOutcome outcome)
    {
        if (State.Find(outcome.FailureId) is not { TakenBack: { DecisionMetadata.Outcome: DecisionOutcome.Pending } takenBack } failure)
        {
            return;
        }

        var carriedOut = new UnparkCarriedOut { FailureId = failure.Id, Applied = outcome.Applied, Detail = outcome.Detail, At = Now };
        Commit(carriedOut, _ => PublishResolved(outcome.TaskId, takenBack.DecisionMetadata.FailureId, outcome.Applied, outcome.Detail, carriedOut.At));
    }

    private static void PublishResolved(TaskId task, FailureId failure, bool applied, string detail, DateTimeOffset at) =>
        Context.System.EventStream.Publish(new DecisionResolved
        {
            TaskId = task,
            FailureId = failure,
            Outcome = applied ? DecisionOutcome.Resolved : DecisionOutcome.Superseded,
            Detail = detail,
            At = at,
        });

    /// <summary>
    /// What explains a parked task is kept for as long as it is parked. That it no longer is, the queue tells once; in case that was lost,
    /// it is asked about those that would otherwise have been forgotten, some at a time.
    /// </summary>
    private void AskAboutOldParkedTasks()
    {
        var old = Now - settings.Policy.HistoryKept;
        var parked = State.Parking.TakeWhile(failure => failure.Decision.FailureEvent.OccurredAt < old).ToList();
        var next = parked.FindIndex(failure => failure.Id == lastAskedAbout) + 1;
        foreach (var failure in parked.Skip(next).Take(MostAskedAbout))
        {
            regions.Queues.Tell(new AskWhetherParked { TaskId = failure.Decision.TaskId, FailureId = failure.Id }, Self);
        }

        lastAskedAbout = parked.ElementAtOrDefault(next + MostAskedAbout - 1)?.Id;
    }

    private void Store(IStoredEvent? @event)
    {
        if (@event is not null)
        {
            Commit(@event);
        }
    }

    private sealed class Review : INoSerializationVerificationNeeded
    {
        public static readonly Review Instance = new();
    }
}
