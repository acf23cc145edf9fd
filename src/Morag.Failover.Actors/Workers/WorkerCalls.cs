using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>What the worker itself calls: registration, heartbeats, its session. Every accepted call is a sign of life.</content>
public sealed partial class WorkerReliabilityActor
{
    private bool HandleWorkerCall(object message)
    {
        switch (message)
        {
            case RegisterWorker command:
                OnRegister(command.Registration);
                return true;
            case OpenSession opened:
                OnOpenSession(opened);
                return true;
            case SessionBroken broken:
                OnSessionBroken(broken);
                return true;
            case WorkFound found:
                degraded.Found(found.Partition, found.Any, Now);
                return true;
            default:
                return false;
        }
    }

    private void OnRegister(WorkerRegistration registration)
    {
        var before = State;
        var caller = Sender;
        var decision = WorkerMembership.Register(
            before, registration, held.Count > 0, NewLoss(), pulse.SilentSince(), settings.Queues, Now);
        StoreIfAny(decision.Event, after =>
        {
            session.Supersede(after.Registration?.InstanceId);
            RefuseReplacedCallers();
            caller.Tell(decision.Reply);
        });
        if (decision.Event is null)
        {
            return;
        }

        demand.BeginAnew();
        pulse.Heard(Now);
        pulse.Registered(registration.HeartbeatIntervalSeconds, registration.InstanceId != before.Registration?.InstanceId);
        if (!before.IsKnown)
        {
            held.BeginEmpty();
        }
        else if (!held.IsKnown && held.Awaited.Count == 0)
        {
            AskWhatIsHeld();
        }
    }

    /// <summary>True where it was nothing but a sign of life, after which nothing has to be settled: most heartbeats are.</summary>
    private bool OnHeartbeat(Heartbeat heartbeat)
    {
        if (WorkerMembership.RefusedCall(State, heartbeat.InstanceId) is { } refused)
        {
            Answer(refused);
            return false;
        }

        var before = State;
        pulse.HeartbeatHeard(heartbeat, before.Liveness == Liveness.Offline, Now);
        StoreIfAny(WorkerMembership.Heard(State, Now));
        StoreIfAny(WorkerMembership.Said(State, heartbeat.Status, Now));
        if (heartbeat.ListsHeld && held.IsKnown)
        {
            GiveBackWhatNeverArrived(heartbeat);
        }

        WatchForDegradation();
        TellSeen(settings.Workers.SeenInterval);
        Sender.Tell(new HeartbeatReply { Leases = held.Shown, Draining = State.IsDraining });
        return ReferenceEquals(before, State) && !returns.Any && !demand.AnyWaiting;
    }

    private void GiveBackWhatNeverArrived(Heartbeat heartbeat)
    {
        var missing = held.NotArrived(heartbeat.Held, partition => !fences.Owes(State.Fences, partition), Now);
        if (missing is not null)
        {
            missing.ForEach(lease => returns.Add(lease.TaskId, lease.Epoch, "the lease never arrived at the worker"));
            SendReturns();
        }
    }

    private void WatchForDegradation()
    {
        if (!degraded.ShouldLook(held.IsKnown && Room() > 0, Now))
        {
            return;
        }

        for (var partition = 0; partition < settings.Partitions.Queues; partition++)
        {
            var couldAskFor = new GrantLeases
            {
                Partition = partition,
                WorkerId = State.WorkerId,
                InstanceId = State.Registration!.InstanceId,
                Profile = Eligibility.ProfileOf(State.Registration),
                MaxTasks = 1,
                MaxHeld = State.Registration.MaxConcurrentTasks,
                Queues = QueuesFor([], partition),
            };
            regions.Queues.Tell(new LookForWork { Partition = partition, Request = couldAskFor }, Self);
        }
    }

    private void TellSeen(TimeSpan interval)
    {
        if (Now - seenToldAt < interval)
        {
            return;
        }

        seenToldAt = Now;
        heldTold = held.Count;
        var (interestIn, incarnations) = demand.InterestKnown;
        regions.Directory.Tell(
            new WorkerSeen
            {
                Bucket = bucket,
                WorkerId = State.WorkerId,
                At = pulse.HeardAt,
                Metrics = pulse.Metrics,
                HeldLeases = held.Count,
                Degraded = degraded.Reason(held, Now),
                ClockSkewSeconds = pulse.ClockSkewSeconds,
                InterestIn = interestIn,
                InterestIncarnations = incarnations,
            },
            Self);
    }

    private void OnOpenSession(OpenSession opened)
    {
        if (WorkerMembership.RefusedCall(State, opened.InstanceId) is { } refused)
        {
            Answer(refused);
            return;
        }

        pulse.Heard(Now);
        StoreIfAny(WorkerMembership.Heard(State, Now));
        session.Open(opened, Sender);
        Answer(Done.Instance);
    }

    private void OnSessionBroken(SessionBroken broken)
    {
        if (session.Is(broken.SessionId))
        {
            session.Close();
            pulse.SessionBroke(Now);
            JudgeLiveness();
        }
    }
}
