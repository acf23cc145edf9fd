using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>Grants leases, wakes waiting workers, and moves tasks that no worker can run.</content>
public sealed partial class QueueActor
{
    /// <summary>Grants leases. A worker that was woken gets at most the tasks it was woken for, so that others get theirs.</summary>
    private void Grant(GrantLeases request)
    {
        if (request.OnlyRepeat)
        {
            Answer(FromThisRun(LeaseGrants.Decide(State, request, fleet.View, settings, Now, epochs.Of(partition))));
            return;
        }

        var now = Now;
        var promised = demand.Remove(request.WorkerId);
        var limited = WaitingDemand.Limit(request, State.ShareOf(request.WorkerId), promised);
        var decided = LeaseGrants.Decide(
            State, limited, fleet.View, settings, now, epochs.Of(partition), task => demand.IsReserved(task, now));
        if (decided.Event is TasksLeased { Leases: [.., var last] })
        {
            epochs.Reserve(partition, last.Epoch);
        }

        Answer(FromThisRun(decided));
        if (decided.Reply.Leases.IsEmpty)
        {
            demand.AddIfInterested(request, State.ShareOf(request.WorkerId), wasPromised: promised.Count > 0, now);
        }

        toOffer.AddRange(promised);
    }

    private Decision<LeasesGranted> FromThisRun(Decision<LeasesGranted> decided) =>
        decided with { Reply = decided.Reply with { Incarnation = incarnation } };

    private void Complete(CompleteTasks complete)
    {
        var decided = TaskCompletions.Decide(State, complete, settings.Queues, Now);
        foreach (var completion in (decided.Event as TasksCompleted)?.Completions ?? [])
        {
            if (State.Tasks[completion.TaskId].Submission.ContentType is { } contentType)
            {
                demand.Warm.Completed(complete.WorkerId, contentType, Now);
            }
        }

        Answer(decided);
    }

    private void OfferReadyTasks()
    {
        if (toOffer.Count == 0)
        {
            return;
        }

        foreach (var worker in demand.Offer(toOffer, State, Now))
        {
            TellWorkAvailable(worker);
        }

        toOffer.Clear();
    }

    private void ExpireInterests()
    {
        var (released, waitAgain) = demand.Expire(State, Now, settings.Queues.ResendAfter);
        toOffer.AddRange(released);
        OfferReadyTasks();
        waitAgain.ForEach(WakeOne);
        WakeAvoided();
    }

    /// <summary>
    /// Wakes workers for tasks that avoid them: when no other worker can run such a task any more, only the fleet view tells.
    /// </summary>
    private void WakeAvoided() => demand.Avoided(State).ForEach(WakeOne);

    private void WakeOne(WorkerId worker)
    {
        if (demand.WakeOne(worker, State, fleet.View, settings, Now))
        {
            TellWorkAvailable(worker);
        }
    }

    private void TellWorkAvailable(WorkerId worker) =>
        regions.Workers.Tell(new WorkAvailable { WorkerId = worker, Partition = partition, Interest = demand.NumberOf(worker) }, Self);

    /// <summary>Searches aside, because it takes long with many tasks; the state is immutable.</summary>
    private void FindUnserved()
    {
        if (fleet.IsComplete && unserved.MaySearch)
        {
            var (state, queues, seen, now) = (State, settings.Queues, unserved.BeginSearch(Now), Now);
            DoAside(
                () => new UnservedFound(UnservedTasks.Overdue(state, seen, queues, UnservedMoves.MostFound, now)),
                cause => new UnservedFailed(cause),
                Self);
        }
    }

    private void MoveUnserved()
    {
        while (unserved.TakeNext(State.Deciding.Count) is { Count: > 0 } tasks)
        {
            ChangeIfAny(UnservedTasks.Decide(State, tasks, fleet.View, settings.Queues, Now));
        }
    }
}
