using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>Who gets the tasks: those that ask, those that wait, and another queue where nobody can.</content>
public sealed partial class QueueActor
{
    /// <summary>A worker that was woken gets as many tasks as it was woken for, so that the others get theirs.</summary>
    private void Grant(GrantLeases request)
    {
        if (request.OnlyRepeat)
        {
            Answer(FromThisRun(LeaseGrants.Decide(State, request, fleet.View, settings, Now, epochs.Of(partition))));
            return;
        }

        var promised = demand.Remove(request.WorkerId);
        var most = promised.Count == 0 ? request.MaxTasks : promised.Count + State.ShareOf(request.WorkerId).Pinned.Count;
        var now = Now;
        var decided = LeaseGrants.Decide(
            State, request with { MaxTasks = Math.Min(request.MaxTasks, most) }, fleet.View, settings, now, epochs.Of(partition), task => demand.IsKept(task, now));
        if (decided.Event is TasksLeased { Leases: [.., var last] })
        {
            epochs.Reserve(partition, last.Epoch);
        }

        Answer(FromThisRun(decided));
        if (decided.Reply.Leases.IsEmpty && request.Interest is { } interest)
        {
            demand.Add(
                request with { MaxTasks = interest.MaxTasks, Queues = interest.Queues },
                State.ShareOf(request.WorkerId),
                now + interest.For,
                restsUntil: promised.Count == 0 ? null : now + settings.Queues.ResendAfter);
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

    private void OfferWhatIsReady()
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
        OfferWhatIsReady();
        waitAgain.ForEach(WakeOne);
        WakeAvoided();
    }

    /// <summary>Tasks that avoid a worker are its own once no other can take them any more, which only the fleet tells.</summary>
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

    /// <summary>Looking through many tasks takes long: the state is immutable, so that needs no actor's time.</summary>
    private void FindUnserved()
    {
        if (fleet.IsComplete && unserved.MayLook)
        {
            var (state, seen, now) = (State, unserved.BeginToLook(Now), Now);
            DoAside(
                () => new UnservedFound(UnservedTasks.Overdue(state, seen, settings.Queues, UnservedMoves.MostFound, now)),
                cause => new UnservedFailed(cause),
                Self);
        }
    }

    private void MoveUnserved()
    {
        while (unserved.Next(State.Deciding.Count) is { Count: > 0 } tasks)
        {
            if (UnservedTasks.Decide(State, tasks, fleet.View, settings.Queues, Now) is { } moved)
            {
                Change(moved);
            }
        }
    }
}
