using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <content>Open failures: the queue ends the lease, the worker's entity counts the failure, and records of workers arrive.</content>
public sealed partial class FailoverCoordinator
{
    private readonly Dictionary<long, (ReportFailure Report, WaitingCaller Reporter)> reportsAtQueue = [];
    private long lastReportNumber;

    private void OnReport(ReportFailure report)
    {
        if (ReportMatcher.Answer(State, report, reportsAtQueue.Count + open.Count, settings.Policy) is { } answer)
        {
            PersistAndReply(answer, Sender);
            return;
        }

        reportsAtQueue[++lastReportNumber] = (report, new WaitingCaller(Sender, Now + AnswerWithin));
        regions.Queues.Tell(new EndLease { Report = report, Number = lastReportNumber }, Self);
        CheckSoon();
    }

    private void OnLeaseEnded(EndLeaseReply reply)
    {
        if (!reportsAtQueue.TryGetValue(reply.Number, out var asked))
        {
            return;
        }

        // Removed only once it is matched: a reply that cannot be matched leaves the reporter to its time-out.
        var (report, reporter) = asked;
        var match = ReportMatcher.Match(State, open, report, reply, FailureIds.OfUnnamedReport(Chance.NewId(chance)), Now);
        reportsAtQueue.Remove(reply.Number);
        if (match.Answer is { } answer)
        {
            PersistAndReply(answer, reporter.Caller);
        }
        else if (match.Failure is { } failure)
        {
            reporters.Add(failure.Id, reporter);
            if (match.IsNew)
            {
                Begin(failure);
            }
            else
            {
                open = open.With(failure);
            }
        }
    }

    private void OnLeaseFailed(LeaseFailure lease)
    {
        if (State.Find(lease.FailureId) is { } decided)
        {
            // The queue did not get the order, or lost that it carried it out.
            if (FailureDecisions.Repeat(decided, lease.Facts) is { } reassign)
            {
                AfterWrites(() => regions.Queues.Tell(reassign, Self));
            }
        }
        else if (open.Find(lease.FailureId) is null && open.Count < settings.Policy.MaxInProgress)
        {
            Begin(OpenFailure.OfLease(lease));
        }
    }

    private void Begin(OpenFailure failure)
    {
        if (failure.ToRecordFailure() is not { } toTake)
        {
            Decide(failure);
            return;
        }

        var waiting = failure.AwaitRecords(State, Now);
        open = open.With(waiting);
        regions.Workers.Tell(toTake, Self);
        unansweredFailures.MarkSent(failure.Id, Now);
        AskForRecords(failure.Failure.TaskId, waiting.Unheard);

        CheckSoon();
    }

    /// <summary>Asks workers that failed a task for the evidence of their records about it.</summary>
    private void AskForRecords(TaskId task, IEnumerable<WorkerId> witnesses)
    {
        foreach (var witness in witnesses)
        {
            regions.Workers.Tell(new GetTestimony { WorkerId = witness, TaskId = task }, Self);
        }
    }

    private void OnFailureCounted(FailureRecorded taken)
    {
        if (!TryForesee(taken) && open.Find(taken.FailureId) is { Worker: null } failure)
        {
            unansweredFailures.Acknowledge(failure.Id);
            DecideOnceComplete(failure.WithWorker(taken));
        }
    }

    private void OnTestimony(TestimonyReply given)
    {
        foreach (var failure in open.Hear(given))
        {
            DecideOnceComplete(failure);
        }

        HearForesights(given);
        foreach (var (parked, testimonies) in reviews.Hear(given))
        {
            Judge(parked, testimonies);
        }
    }

    private void DecideOnceComplete(OpenFailure failure)
    {
        open = open.With(failure);
        if (failure.IsComplete)
        {
            Decide(failure);
        }
    }

    private bool AskWorkerToCount(FailureId id)
    {
        if (open.Find(id) is not { Worker: null } failure || failure.ToRecordFailure() is not { } toTake)
        {
            return false;
        }

        regions.Workers.Tell(toTake, Self);
        return true;
    }

    private void ExpireReportsAtQueue(DateTimeOffset now)
    {
        foreach (var (number, (_, reporter)) in reportsAtQueue.Where(report => report.Value.Reporter.Until <= now).ToList())
        {
            reportsAtQueue.Remove(number);
            reporter.Caller.Tell(AskAgain);
        }
    }
}
