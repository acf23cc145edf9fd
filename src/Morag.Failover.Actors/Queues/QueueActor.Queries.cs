using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <content>Queries. They answer from a durable state, so no reply shows what could still be lost.</content>
public sealed partial class QueueActor
{
    private bool TryHandleQuery(object message)
    {
        var replyTo = Sender;
        var state = State;
        var (policy, limits) = (settings.Policy, settings.Queues);
        var (view, isKnown) = (fleet.View, fleet.IsComplete);
        switch (message)
        {
            case GetTask query when state.Tasks.GetValueOrDefault(query.TaskId)?.State == TaskState.Queued:
                // Its place in the queue is counted, so this takes longer the more tasks wait.
                AfterWrites(() => DoAside(() => Answer(query), cause => new Status.Failure(cause), replyTo));
                return true;
            case GetTask query:
                AfterWrites(() => replyTo.Tell(Answer(query)));
                return true;
            case ListTasks query:
                // A filter that few tasks match reads all of them, so this runs aside; the state is immutable.
                AfterWrites(
                    () => DoAside(() => TaskQueries.List(state, query, policy, UnmetNeed), cause => new Status.Failure(cause), replyTo));
                return true;
            case SearchTasks query:
                Search(query, UnmetNeed);
                return true;
            case GetQueueStats:
                AfterWrites(() => DoAside(
                    () => QueueStatistics.Of(state, view, isKnown, limits), cause => new Status.Failure(cause), replyTo));
                return true;
            case GetQueueDemand query:
                var now = Now;
                AfterWrites(() => DoAside(
                    () => QueueDemands.Of(state, query.Within, settings.Queues, now), cause => new Status.Failure(cause), replyTo));
                return true;
            case GetLeaseHolders query:
                AfterWrites(() => replyTo.Tell(QueueDemands.HoldersOf(state, query)));
                return true;
            case LookForWork look:
                var any = LeaseGrants.WouldGrant(state, look.Request, view, settings);
                AfterWrites(() => replyTo.Tell(new WorkFound { Partition = partition, Any = any }));
                return true;
            case GetHeldLeases query:
                AfterWrites(() => replyTo.Tell(TaskQueries.HeldBy(state, query)));
                return true;
            default:
                return false;
        }

        IWireMessage Answer(GetTask query) =>
            Explained(state, TaskQueries.Find(state, query.TaskId, policy, UnmetNeed), view, isKnown)
                ?? (IWireMessage)Refused.Unknown($"Task {query.TaskId} does not exist.");

        string? UnmetNeed(TaskRecord task) =>
            state.Controls.ReasonToWait(task) ?? (isKnown ? UnmetNeeds.Of(task, view, limits) : null);
    }

    private TaskInfo? Explained(QueueState state, TaskInfo? task, FleetView view, bool isKnown) =>
        task is null
            ? null
            : task with { Waiting = WaitReasons.Of(state, state.Tasks[task.TaskId], view, isKnown, settings.Queues) };
}
