using Morag.Failover.Actors.Metrics;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>Handles the worker's own calls: registration, heartbeats and its session. Every accepted call is a sign of life.</content>
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
                degraded.OnWorkReported(found.Partition, found.Any, Now);
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
            before, registration, held.Count > 0, NewLoss(), pulse.SilentSince(Now), settings.Queues, Now);
        StoreIfAny(decision.Event, after =>
        {
            if (session.Supersede(after.Registration?.InstanceId))
            {
                pulse.Unfollow();
            }

            RefuseReplacedCallers();
            caller.Tell(decision.Reply);
        });
        if (decision.Event is null)
        {
            return;
        }

        demand.Reset();
        pulse.OnSignOfLife(Sender, Now);
        pulse.OnRegistered(registration.HeartbeatIntervalSeconds, registration.InstanceId != before.Registration?.InstanceId);
        if (!before.IsKnown)
        {
            held.MarkEmpty();
        }
        else if (!held.IsKnown && held.Awaited.Count == 0)
        {
            RequestHeldLeases();
        }
    }

    /// <returns>Whether it was only a sign of life, like most heartbeats: then the caller need not settle anything.</returns>
    private bool OnHeartbeat(Heartbeat heartbeat)
    {
        if (WorkerMembership.RefuseCall(State, heartbeat.InstanceId) is { } refused)
        {
            Answer(refused);
            return false;
        }

        var before = State;
        FleetMetrics.OnHeartbeat();
        if (FleetMetrics.WantsPhi && pulse.Phi(Now) is { } phi)
        {
            FleetMetrics.OnSilenceEnded(phi);
        }

        pulse.OnHeartbeat(heartbeat, before.Liveness == Liveness.Offline, Sender, Now);
        StoreIfAny(WorkerMembership.EndSuspicion(State, Now));
        StoreIfAny(WorkerMembership.ReportStatus(State, heartbeat.Status, Now));
        listsHeld = heartbeat.ListsHeld;
        if (heartbeat.ListsHeld && held.IsKnown)
        {
            ReturnUndelivered(heartbeat);
        }

        CheckForDegradation();
        ReportSeen(settings.Workers.SeenInterval);
        Sender.Tell(new HeartbeatReply { Leases = held.ShownTo(heartbeat.Held), Draining = State.IsDraining });
        return ReferenceEquals(before, State) && !returns.Any && !demand.AnyWaiting;
    }

    private void ReturnUndelivered(Heartbeat heartbeat)
    {
        if (returns.Any)
        {
            // The queue has not confirmed the return of a lease yet, and the worker got it after all.
            foreach (var lease in heartbeat.Held)
            {
                returns.Remove(held.PartitionOf(lease.TaskId), lease.TaskId, lease.Epoch);
            }
        }

        var interval = TimeSpan.FromSeconds(State.Registration!.HeartbeatIntervalSeconds ?? WorkerLimits.MinHeartbeatSeconds);
        var missing = held.FindUndelivered(heartbeat.Held, MayJudge, interval, Now);
        if (missing is not null)
        {
            ReturnLeases(missing.Select(lease => (lease.TaskId, lease.Epoch)), NeverReachedWorker);
        }
    }

    /// <summary>Not while a partition is asked: its answer may repeat a lease for the call that the worker made again.</summary>
    private bool MayJudge(int partition) => !fences.Owes(State.Fences, partition) && demand.Asking?.Partition != partition;

    private void CheckForDegradation()
    {
        if (!degraded.ShouldCheck(held.IsKnown && Room() > 0, Now))
        {
            return;
        }

        for (var partition = 0; partition < settings.Partitions.Queues; partition++)
        {
            var request = new GrantLeases
            {
                Partition = partition,
                WorkerId = State.WorkerId,
                InstanceId = State.Registration!.InstanceId,
                Profile = Eligibility.ProfileOf(State.Registration),
                MaxTasks = 1,
                MaxHeld = State.Registration.MaxConcurrentTasks,
                Queues = QueuesFor([], partition),
            };
            regions.Queues.Tell(new LookForWork { Partition = partition, Request = request }, Self);
        }
    }

    private void ReportSeen(TimeSpan interval)
    {
        if (Now - seenReportedAt < interval)
        {
            return;
        }

        seenReportedAt = Now;
        reportedHeld = held.Count;
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
        if (WorkerMembership.RefuseCall(State, opened.InstanceId) is { } refused)
        {
            Answer(refused);
            return;
        }

        if (session.IsOutdated(opened))
        {
            Answer(Refused.Conflict($"worker {State.WorkerId} has opened a later session"));
            return;
        }

        session.Open(opened, Sender);
        if (opened.Watch is { } observed)
        {
            OnObservedSession(opened, observed);
            return;
        }

        // If the worker does not count its sessions, this may be one that it gave up. The beats of the other one go on to count.
        if (opened.Ordinal > 0)
        {
            pulse.Unfollow();
        }

        pulse.OnSignOfLife(Sender, Now);
        StoreIfAny(WorkerMembership.EndSuspicion(State, Now));
        Answer(Done.Instance);
    }

    private void OnObservedSession(OpenSession opened, SessionWatch observed)
    {
        if (pulse.OnObserved(opened.SessionId, observed, Sender, Now))
        {
            StoreIfAny(WorkerMembership.EndSuspicion(State, Now));
        }

        JudgeLiveness();
        Answer(SessionWatched.Instance);
    }

    private void OnSessionBroken(SessionBroken broken)
    {
        if (session.Is(broken.SessionId))
        {
            session.Close();
            pulse.OnSessionBroken(broken.SessionId, Now);
            JudgeLiveness();
        }
    }
}
