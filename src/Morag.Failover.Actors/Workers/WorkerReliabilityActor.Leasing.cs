using System.Globalization;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>Turns the worker's lease requests into leases, and gives back leases that the worker may no longer take.</content>
public sealed partial class WorkerReliabilityActor
{
    /// <summary>The shortest time between two comparisons of the held leases with the queues, for a worker without room.</summary>
    private static readonly TimeSpan HeldLeasesRequestInterval = TimeSpan.FromMinutes(1);

    /// <summary>Why a lease is given back that the worker does not know.</summary>
    private const string NeverReachedWorker = "the lease never reached the worker";

    /// <summary>Why a lease is given back whose response could not be sent.</summary>
    private const string NotDelivered = "not delivered: the worker disconnected before the response";

    private bool HandleLeasing(object message)
    {
        switch (message)
        {
            case RequestLeases request:
                OnRequestLeases(request);
                return true;
            case LeasesGranted granted:
                OnGranted(granted);
                return true;
            case LeasesUndelivered undelivered:
                OnUndelivered(undelivered);
                return true;
            case LeasesFreed freed:
                OnLeasesFreed(freed);
                return true;
            case LeaseDeadlineMoved moved:
                OnDeadlineMoved(moved);
                return true;
            case WorkAvailable work:
                OnWorkAvailable(work);
                return true;
            case QueuesRestarted restarted:
                demand.OnPartitionsRestarted(restarted.Queues);
                return true;
            case PinsDue pinned:
                OnPinsDue(pinned);
                return true;
            case HeldLeases answer:
                OnHeldLeases(answer);
                return true;
            case WakeWorker wake:
                OnWake(wake);
                return true;
            case LeaseResults results:
                OnLeasesReturned(results);
                return true;
            case Refused refused:
                OnPartitionRefused(refused);
                return true;
            default:
                return false;
        }
    }

    private void OnRequestLeases(RequestLeases request)
    {
        if ((WorkerMembership.RefuseCall(State, request.InstanceId) ?? LeaseRequestRules.Refusal(State, request, settings)) is { } refused)
        {
            Answer(refused);
            return;
        }

        if (!demand.HasPlaceFor(request))
        {
            Answer(LeaseRequestRules.TooManyWaiting(settings.Workers));
            return;
        }

        pulse.OnSignOfLife(Sender, Now);
        degraded.OnPull(Now);
        StoreIfAny(WorkerMembership.EndSuspicion(State, Now));
        var room = Room();
        demand.Add(request, Sender, repeatFirst: room == 0, holdsNothing: held.IsKnown && held.Count == 0, Now)?.Tell(new LeasesGranted());
        if (room == 0 && held.IsKnown && held.Awaited.Count == 0 && !(held.AskedAt + HeldLeasesRequestInterval >= Now))
        {
            RequestHeldLeases();
        }

        // For workers without heartbeats. The others report at half this interval, with more detail.
        ReportSeen(settings.Workers.SeenInterval * 2);
    }

    /// <summary>
    /// A partition reserves work for this worker. If the worker cannot take it now, the partition should offer it to others.
    /// </summary>
    private void OnWorkAvailable(WorkAvailable work)
    {
        demand.OnWorkAvailable(work.Partition);
        if (!demand.AnyWaiting || Room() == 0)
        {
            regions.Queues.Tell(
                new WithdrawInterest { Partition = work.Partition, WorkerId = State.WorkerId, Interest = work.Interest }, Self);
        }
    }

    private int Room() => RoomIn(State);

    /// <summary>
    /// The room for leases that leave this entity. A breaker that closes, or a drain that ends, counts only once it is stored, because a
    /// lease cannot be undone when the write fails.
    /// </summary>
    private int DurableRoom() => Math.Min(Room(), RoomIn(Durable));

    private int RoomIn(WorkerState state) => LeaseRequestRules.Room(state, held.Count, settings.Workers, Now);

    /// <summary>Runs after a write, which may have made room.</summary>
    private void ServeWaitingCalls()
    {
        if (!isErasing && demand.AnyWaiting)
        {
            Settle();
        }
    }

    private void PumpDemand()
    {
        if (!demand.AnyWaiting && demand.Asking is null)
        {
            return;
        }

        for (var partition = 0; health.AnyDown && partition < settings.Partitions.Queues; partition++)
        {
            if (health.IsQueueDown(partition))
            {
                demand.RecheckIfStale(partition, Now);
            }
        }

        var room = Room();
        foreach (var finished in demand.RemoveFinished(room > 0, Now))
        {
            // With room, an empty answer means that there is no work, so a partition that did not answer must be reported.
            finished.ReplyTo.Tell(room > 0 && demand.UnreachablePartitions(Now) is { } down ? down : new LeasesGranted());
        }

        // Before a lease is requested, the held leases must be known and every fence acknowledged, because a fence could end the lease.
        var leasable = DurableRoom();
        if (demand.Next(leasable > 0, partition => held.IsKnown && !fences.Owes(State.Fences, partition), QueuesFor, Now) is { } question)
        {
            Ask(question, leasable);
        }
    }

    private void OnPartitionRefused(Refused refused)
    {
        if (PersistenceIds.QueuePartition(refused.Owner) is { } partition && partition < settings.Partitions.Queues)
        {
            demand.MarkDown(partition, refused.Message, refused.RetryAfter ?? TimeSpan.Zero, Now);
        }
    }

    private void Ask(LeaseDemand.Question question, int room)
    {
        var request = question.Callers[0].Request;
        var registration = State.Registration!;
        regions.Queues.Tell(
            new GrantLeases
            {
                Partition = question.Partition,
                WorkerId = State.WorkerId,
                InstanceId = registration.InstanceId,
                Profile = Eligibility.ProfileOf(registration),
                MaxTasks = Math.Min(question.Callers.Sum(caller => caller.Request.MaxTasks), room),
                MaxHeld = registration.MaxConcurrentTasks,
                Queues = QueuesFor(request.Queues, question.Partition),
                RequestId = request.RequestId,
                Interest = question.Interest,
                OnlyRepeat = question.OnlyRepeat,
                SuccessRate = State.Score.Total == 0 ? null : State.Score.SuccessRate,
            },
            Self);
    }

    /// <param name="wanted">The queues that a call names; empty means all that the worker serves.</param>
    /// <param name="partition">The partition to ask.</param>
    private ImmutableArray<QueueRoom> QueuesFor(ImmutableArray<QueueName> wanted, int partition)
    {
        var profile = Eligibility.ProfileOf(State.Registration!);
        return
        [
            .. from queue in settings.Queues.Definitions
               where Eligibility.Serves(profile, queue) && (wanted.IsEmpty || wanted.Contains(queue.Name))
               let heldElsewhere = held.CountElsewhere(queue.Name, partition)
               select new QueueRoom { Queue = queue.Name, Cap = queue.PerWorker, HeldElsewhere = heldElsewhere },
        ];
    }

    private void OnHeldLeases(HeldLeases answer)
    {
        demand.MarkUp(answer.Partition);
        if (held.OnAnswer(answer, Now, TellDeadline))
        {
            unacknowledged.Acknowledge(new(UnacknowledgedKind.HeldLeases, answer.Partition));
            StoreIfAny(FailureAccounting.StartProbes(State, answer.Leases, Now));
        }
    }

    /// <summary>
    /// Compares what the worker holds in a partition with the view. They differ for good if a grant was lost on its way here. Then the
    /// lease enters the view, the worker does not list it in its heartbeats, and it is given back. They also differ if the partition moved
    /// deadlines.
    /// </summary>
    private void OnWake(WakeWorker wake)
    {
        if (wake.Partition is not { } partition || partition < 0 || partition >= settings.Partitions.Queues
            || !State.IsRegistered || fences.Owes(State.Fences, partition))
        {
            return;
        }

        if (listsHeld is not true && demand.Asking?.Partition != partition && held.FindUndelivered(partition) is { } missing)
        {
            ReturnLeases(missing.Select(lease => (lease.TaskId, lease.Epoch)), NeverReachedWorker);
        }

        if (held.Contradicts(partition, wake.LeaseDigest))
        {
            RequestHeldLeases(partition);
        }
    }

    private void OnGranted(LeasesGranted granted)
    {
        var question = demand.OnAnswer(granted.Partition);
        if (granted.Leases.IsEmpty)
        {
            if (question is not null)
            {
                demand.OnNothingFound(question, granted.Incarnation, Now);
            }

            return;
        }

        // The queue repeats leases for a repeated call. One that is being given back may be another worker's in a moment.
        var leases = granted.Leases.RemoveAll(lease => returns.Contains(held.PartitionOf(lease.TaskId), lease.TaskId, lease.Epoch));
        if (leases.Length < granted.Leases.Length)
        {
            // Before the partition is asked again, or it would repeat the lease again.
            SendReturns(granted.Partition);
        }

        var repeated = leases.Where(lease => held.Holds(lease.TaskId, lease.Epoch)).ToList();
        var fresh = leases.Where(lease => !held.Holds(lease.TaskId, lease.Epoch)).ToList();
        var callers = question is null ? [] : demand.StillWaiting(question);
        if (question is null || callers.Count == 0)
        {
            GiveBack(fresh, "no call was waiting for the lease any more");
            demand.OnWorkAvailable(granted.Partition);
            return;
        }

        var wanted = callers.Sum(caller => caller.Request.MaxTasks);
        var allowed = question.OnlyRepeat ? fresh.Count : Math.Min(Math.Min(fresh.Count, wanted), DurableRoom());
        GiveBack(fresh[allowed..], "the worker can no longer take the lease");
        var delivered = fresh[..allowed];
        if (delivered.Count + repeated.Count == 0)
        {
            callers.ForEach(caller => caller.AskLater(granted.Partition));
            return;
        }

        delivered.ForEach(lease => held.Add(lease, granted.Partition, Now));
        repeated.ForEach(lease => held.MarkDelivered(lease.TaskId, Now));
        Deliver(question, callers, repeated, delivered);
    }

    /// <summary>
    /// Leaves the leases to a live worker that may repeat the call on another node, if its heartbeats show which ones it does not get. A
    /// lease that was delivered again since stays too.
    /// </summary>
    private void OnUndelivered(LeasesUndelivered undelivered)
    {
        var mayRepeat = undelivered.IsRepeatable
            && State is { Liveness: Liveness.Alive, Registration.HeartbeatIntervalSeconds: not null }
            && listsHeld is not false;
        var lost = undelivered.Leases.Where(lease => held.WithdrawDelivery(lease.TaskId, lease.Epoch)).ToList();
        if (!mayRepeat)
        {
            ReturnLeases(lost.Select(lease => (lease.TaskId, lease.Epoch)), NotDelivered);
        }
    }

    private void Deliver(
        LeaseDemand.Question question, List<LeaseDemand.Caller> callers, List<LeasedTask> repeated, List<LeasedTask> delivered)
    {
        var replies = new Dictionary<LeaseDemand.Caller, LeasesGranted>();
        List<LeasedTask> leases = [.. repeated, .. delivered];
        var given = 0;
        foreach (var caller in callers.TakeWhile(_ => given < leases.Count))
        {
            // A single caller gets everything: repeated leases can exceed what it requests this time.
            var count = callers.Count == 1 ? leases.Count : Math.Min(caller.Request.MaxTasks, leases.Count - given);
            replies[caller] = new LeasesGranted { Partition = question.Partition, Leases = [.. leases.GetRange(given, count)] };
            given += count;
        }

        demand.RemoveServed(replies.Keys, Now);
        var probing = question.OnlyRepeat ? null : FailureAccounting.StartProbes(
            State,
            delivered.Select(lease => new HeldLease { TaskId = lease.TaskId, Epoch = lease.Epoch, Queue = lease.Queue, GrantedAt = Now }),
            Now);
        if (probing is null)
        {
            Reply(replies);
        }
        else
        {
            StoreIfAny(probing, _ => Reply(replies), replies.Keys.Select(caller => caller.ReplyTo));
        }

        static void Reply(Dictionary<LeaseDemand.Caller, LeasesGranted> replies)
        {
            foreach (var (caller, reply) in replies)
            {
                caller.ReplyTo.Tell(reply);
            }
        }
    }

    private void OnPinsDue(PinsDue pinned)
    {
        if (PinObstacles.Answer(pinned, State.Standing(), settings.Queues) is { } refused)
        {
            AfterWrites(() => regions.Queues.Tell(refused, Self));
        }
    }

    private void RefuseReplacedCallers()
    {
        foreach (var caller in demand.Remove(caller => WorkerMembership.RefuseCall(State, caller.Request.InstanceId) is not null))
        {
            caller.ReplyTo.Tell(WorkerMembership.RefuseCall(State, caller.Request.InstanceId)!);
        }
    }

    /// <summary>Waiting calls are not stored, so they end with this run of the entity.</summary>
    protected override void PostStop()
    {
        foreach (var caller in demand.Remove(_ => true))
        {
            caller.ReplyTo.Tell(
                Refused.Unavailable("the worker's entity stopped while the call was waiting. Repeat the call with the same request_id."));
        }

        base.PostStop();
    }
}
