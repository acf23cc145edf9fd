using Morag.Failover.Actors.Timing;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Queues;

/// <content>What happens on timers: due changes, resending, retention, and waking the entities of workers.</content>
public sealed partial class QueueActor
{
    private static readonly TimeSpan WakeMoreInterval = TimeSpan.FromSeconds(1);

    private void StartTimers()
    {
        var resendAfter = settings.Queues.ResendAfter;
        Timers.StartPeriodicTimer(nameof(MaintainTick), MaintainTick.Instance, resendAfter);
        Timers.StartPeriodicTimer(nameof(WakeHoldersTick), WakeHoldersTick.Instance, resendAfter * 5);
        SearchUnservedAtIntervals();
    }

    private void SearchUnservedAtIntervals() =>
        Timers.StartPeriodicTimer(nameof(FindUnservedTick), FindUnservedTick.Instance, UnservedTasks.SearchInterval(settings.Queues));

    private bool TryHandleTimer(object message)
    {
        switch (message)
        {
            case DueTimer.Due:
                due.Fired();
                return true;
            case FleetSlice:
                ApplyFleetSlice(message);
                return true;
            case StoreAcknowledgementsTick:
                StoreAcknowledgements();
                return true;
            case StoreProgressTick:
                StoreDueProgress();
                return true;
            case MaintainTick:
                Maintain();
                return true;
            case FindUnservedTick:
                FindUnserved();
                return true;
            case UnservedFailed failed:
                Log.Error(
                    failed.Cause,
                    "{Owner}: the search for tasks that no worker can run failed; the next search tries again",
                    PersistenceId);
                unserved.Found([]);
                return true;
            case UnservedFound found:
                unserved.Found(found.Tasks);
                MoveUnserved();
                return true;
            case WakeHoldersTick:
                WakeLeaseHolders();
                return true;
            case WakeMoreTick:
                WakeNextWorkers();
                return true;
            default:
                return fleet.TryHandle(message);
        }
    }

    private void ApplyFleetSlice(object slice)
    {
        fleet.TryHandle(slice);
        if (fleet.IsComplete)
        {
            unserved.See(fleet.View, Now);
        }

        WakeAvoided();
    }

    private void Maintain()
    {
        var state = State;
        AfterWrites(() => deliveries.ResendDue(state, Now));
        AfterWrites(() => SendAudit(Durable));
        copies.ResendDue(Now);
        ExpireInterests();
        MoveUnserved();
        ForgetFinished();
    }

    private void ApplyDueChanges()
    {
        while (State.NextDue <= Now)
        {
            if (outages.LastOutageEndedAt() is var endedAt && endedAt > clocksRestartedAt && RestartLeaseClocks(endedAt))
            {
                // The workers learn their new deadlines.
                workersToWake.Clear();
                WakeLeaseHolders();
                continue;
            }

            if (DueTasks.Decide(State, settings.Queues, MostInOneEvent, Now) is { } cameDue)
            {
                Change(cameDue);
                foreach (var pinned in DueTasks.PinsOf(State, cameDue, partition).ToList())
                {
                    WakeOne(pinned.WorkerId);
                    AfterWrites(() => regions.Workers.Tell(pinned, Self));
                }
            }

            ChangeIfAny(LeaseEndings.DecideDue(State, MostInOneEvent, Now));
        }
    }

    /// <summary>After an outage of this node, no worker is to blame for a lease that passed its deadline.</summary>
    /// <returns>Whether anything changed.</returns>
    private bool RestartLeaseClocks(DateTimeOffset at)
    {
        clocksRestartedAt = at;
        var restarted = LeaseClocks.Restart(State, at);
        ChangeIfAny(restarted);
        return restarted is not null;
    }

    private void ForgetFinished() =>
        ChangeIfAny(
            TaskRetention.Decide(State, settings.Queues, TaskRetention.SlackOf(settings.Queues, MostInOneEvent), MostInOneEvent, Now));

    /// <summary>
    /// Starts the entities of workers that hold leases, periodically, and tells them what their workers hold here. An entity may have
    /// stopped with its node, and only the entity notices that a worker was lost together with that node. Or a grant was lost on its way
    /// to the entity: then nobody works on the task until the entity learns of the lease. Or a deadline was moved.
    /// </summary>
    private void WakeLeaseHolders()
    {
        if (workersToWake.Count > 0)
        {
            return;
        }

        foreach (var (worker, share) in State.Workers)
        {
            if (!share.Held.IsEmpty)
            {
                workersToWake.Enqueue(worker);
            }
        }

        WakeNextWorkers();
    }

    private void WakeNextWorkers()
    {
        for (var left = settings.Workers.WakeRate; left > 0 && workersToWake.TryDequeue(out var worker); left--)
        {
            var digest = LeaseDigest.Of(State, worker);
            regions.Workers.Tell(new WakeWorker { WorkerId = worker, Partition = partition, LeaseDigest = digest }, Self);
        }

        if (workersToWake.Count > 0)
        {
            Timers.StartSingleTimer(nameof(WakeMoreTick), WakeMoreTick.Instance, WakeMoreInterval);
        }
    }

    private abstract class Timed<TSelf> : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout
        where TSelf : new()
    {
        public static readonly TSelf Instance = new();
    }

    private sealed class StoreProgressTick : Timed<StoreProgressTick>;

    private sealed class MaintainTick : Timed<MaintainTick>;

    private sealed class StoreAcknowledgementsTick : Timed<StoreAcknowledgementsTick>;

    private sealed class FindUnservedTick : Timed<FindUnservedTick>;

    private sealed class WakeHoldersTick : Timed<WakeHoldersTick>;

    private sealed class WakeMoreTick : Timed<WakeMoreTick>;

    private sealed record UnservedFound(List<TaskId> Tasks) : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout;

    private sealed record UnservedFailed(Exception Cause) : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout;
}
