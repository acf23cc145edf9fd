using Morag.Failover.Contracts.Live;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <content>Parked tasks: their workers' records are asked for again, because they may show that the workers are at fault.</content>
public sealed partial class FailoverCoordinator
{
    private static readonly TimeSpan ReviewInterval = TimeSpan.FromSeconds(5);

    /// <summary>The most decisions reversed in one review, so that tasks that were parked by mistake come back a few at a time.</summary>
    private const int MaxReversedAtOnce = 20;

    /// <summary>The most parked tasks that the queue is asked about at once.</summary>
    private const int MaxAskedAbout = 100;

    private readonly ParkReviews reviews = new(ReviewInterval);
    private int reversedInThisReview;
    private FailureId? lastAskedAbout;

    private void ReviewLater(FailureId id)
    {
        if (State.IsUnderReview(id))
        {
            reviews.Start([id], Now);
            ReviewSoon();
        }
    }

    private void ReviewSoon()
    {
        if (!reviews.IsEmpty && !Timers.IsTimerActive(nameof(Review)))
        {
            Timers.StartSingleTimer(nameof(Review), Review.Instance, ReviewInterval);
        }
    }

    private void ReviewWhatIsDue()
    {
        reversedInThisReview = 0;
        foreach (var id in reviews.RemoveDue(Now, State.IsUnderReview))
        {
            var decision = State.Find(id)!.Decision;
            var witnesses = decision.DecisionMetadata.Witnesses.Select(witness => witness.WorkerId).ToList();
            reviews.MarkAsked(id, decision.TaskId, witnesses);
            AskForRecords(decision.TaskId, witnesses);
        }

        ReviewSoon();
    }

    private void Judge(FailureId parked, IReadOnlyList<Testimony> testimonies)
    {
        if (!State.IsUnderReview(parked) || State.Find(parked) is not { } failure)
        {
            reviews.End(parked);
            return;
        }

        var review = ParkReview.Review(failure.Decision, [.. testimonies], settings, Now);
        if (review.Reversal is not { } reversal)
        {
            reviews.Postpone(parked, review.ReviewAgainAfter, Now);
        }
        else if (reversedInThisReview >= MaxReversedAtOnce)
        {
            reviews.Start([parked], Now);
        }
        else
        {
            reversedInThisReview++;
            reviews.End(parked);
            Commit(new ParkReversed { FailureId = parked, Decision = reversal }, _ =>
            {
                Announce(reversal);
                CarryOut(parked);
            });
        }
    }

    /// <summary>
    /// The history of a parked task is kept while it is parked. The queue says once that a task is no longer parked. In case that message
    /// was lost, the queue is asked about the parked tasks that are older than the history is kept, some at a time.
    /// </summary>
    private void AskAboutOldParkedTasks()
    {
        var parked = State.ParkedBefore(Now - settings.Policy.HistoryKept);
        var next = parked.FindIndex(failure => failure.Id == lastAskedAbout) + 1;
        foreach (var failure in parked.Skip(next).Take(MaxAskedAbout))
        {
            regions.Queues.Tell(new GetParkState { TaskId = failure.Decision.TaskId, FailureId = failure.Id }, Self);
        }

        lastAskedAbout = parked.ElementAtOrDefault(next + MaxAskedAbout - 1)?.Id;
    }

    private sealed class Review : INoSerializationVerificationNeeded
    {
        public static readonly Review Instance = new();
    }
}
