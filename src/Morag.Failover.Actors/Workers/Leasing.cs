using System.Globalization;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>How the worker's demand becomes leases, and how leases that are not allowed any more go back.</content>
public sealed partial class WorkerReliabilityActor
{
    /// <summary>How often a worker without room may have its view of what it holds compared with the queues'.</summary>
    private static readonly TimeSpan AskAgainWhatIsHeldAfter = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(CallLimits.MaxWaitSeconds);

    private bool HandleLeasing(object message)
    {
        switch (message)
        {
            case RequestLeases request:
                OnRequest(request);
                return true;
            case LeasesGranted granted:
                OnGranted(granted);
                return true;
            case LeasesFreed freed:
                OnFreed(freed);
                return true;
            case WorkAvailable work:
                OnWork(work);
                return true;
            case QueuesRestarted restarted:
                demand.Restarted(restarted.Queues);
                return true;
            case PinsDue pinned:
                OnPinsDue(pinned);
                return true;
            case HeldLeases answer:
                demand.Answers(answer.Partition);
                held.Take(answer);
                StoreIfAny(FailureAccounting.Probing(State, answer.Leases, Now));
                return true;
            case LeaseResults results:
                OnReturned(results);
                return true;
            case Refused refused:
                // A partition that could not answer now is asked again.
                OnPartitionRefused(refused);
                return true;
            default:
                return false;
        }
    }

    private void OnRequest(RequestLeases request)
    {
        if ((WorkerMembership.RefusedCall(State, request.InstanceId) ?? Broken(request)) is { } refused)
        {
            Answer(refused);
            return;
        }

        pulse.Heard(Now);
        degraded.Pulled(Now);
        StoreIfAny(WorkerMembership.Heard(State, Now));
        var room = Room();
        demand.Enter(request, Sender, repeatFirst: room == 0, holdsNothing: held.IsKnown && held.Count == 0, Now)?.Tell(new LeasesGranted());
        if (room == 0 && held.IsKnown && held.Awaited.Count == 0 && Now - (held.AskedAt ?? DateTimeOffset.MinValue) > AskAgainWhatIsHeldAfter)
        {
            AskWhatIsHeld();
        }

        // Only for workers that do not beat: a heartbeat has more to tell.
        TellSeen(settings.Workers.SeenInterval * 2);
    }

    /// <summary>A partition keeps work for this worker. If no call waits for it, or none may have it, others should get it at once.</summary>
    private void OnWork(WorkAvailable work)
    {
        demand.WorkAt(work.Partition);
        if (!demand.AnyWaiting || Room() == 0)
        {
            regions.Queues.Tell(new WithdrawInterest { Partition = work.Partition, WorkerId = State.WorkerId, Interest = work.Interest }, Self);
        }
    }

    private Refused? Broken(RequestLeases request)
    {
        if (request.MaxTasks is < 1 or > CallLimits.MaxLeases)
        {
            return Refused.Invalid("max_tasks", $"must be 1 to {CallLimits.MaxLeases}");
        }

        if (request.Wait < TimeSpan.Zero || request.Wait > LongestWait)
        {
            return Refused.Invalid("wait_seconds", $"must be 0 to {CallLimits.MaxWaitSeconds}");
        }

        foreach (var name in request.Queues)
        {
            if (settings.Queues.Find(name) is null)
            {
                return Refused.Invalid("queues", $"there is no queue '{name}'");
            }
        }

        if (QueuesFor(request.Queues, partition: 0).IsEmpty)
        {
            return Refused.Invalid("queues", "the worker serves none of these queues");
        }

        return demand.IsFull
            ? Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"{settings.Workers.MaxWaitingCalls:N0} calls of this worker already wait for leases. Wait for one of them to end, or raise morag.failover.workers.max-waiting-calls"))
            : null;
    }

    /// <summary>How many more leases the worker may take now.</summary>
    private int Room() => State is { Registration: { } registration, Liveness: Liveness.Alive, SaidStatus: WorkerStatus.Online, IsDraining: false }
        ? Math.Min(Math.Max(0, registration.MaxConcurrentTasks - held.Count), BreakerRules.Allows(State.Breaker, settings.Workers, Now))
        : 0;

    private void PumpDemand()
    {
        if (!demand.AnyWaiting && demand.Asking is null)
        {
            return;
        }

        for (var partition = 0; health.AnyDown && partition < settings.Partitions.Queues; partition++)
        {
            if (health.Down.ContainsKey(PersistenceIds.Queue(partition)))
            {
                demand.Doubt(partition, Now);
            }
        }

        var room = Room();
        foreach (var finished in demand.TakeOutFinished(room > 0, Now))
        {
            // Without room there is nothing to be had anywhere; else an empty answer says that there is no work.
            finished.ReplyTo.Tell(room > 0 && demand.Unanswered(Now) is { } down ? down : new LeasesGranted());
        }

        // What a partition holds, and what a fence on its way to it will end, has to be known before it is asked.
        if (demand.Next(room > 0, partition => held.IsKnown && !fences.Owes(State.Fences, partition), QueuesFor, Now) is { } question)
        {
            Ask(question, room);
        }
    }

    private void OnPartitionRefused(Refused refused)
    {
        for (var partition = 0; refused.Owner is not null && partition < settings.Partitions.Queues; partition++)
        {
            if (refused.Owner == PersistenceIds.Queue(partition))
            {
                demand.IsDown(partition, refused.Message, refused.RetryAfter ?? TimeSpan.Zero, Now);
                return;
            }
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

    /// <param name="wanted">The queues that a call names; none stands for all.</param>
    /// <param name="partition">The partition that is to be asked.</param>
    private ImmutableArray<QueueRoom> QueuesFor(ImmutableArray<QueueName> wanted, int partition)
    {
        var profile = Eligibility.ProfileOf(State.Registration!);
        return
        [
            .. from queue in settings.Queues.Definitions
               where Eligibility.Serves(profile, queue) && (wanted.IsEmpty || wanted.Contains(queue.Name))
               select new QueueRoom { Queue = queue.Name, Cap = queue.PerWorker, HeldElsewhere = held.HeldElsewhere(queue.Name, partition) },
        ];
    }

    private void OnGranted(LeasesGranted granted)
    {
        var question = demand.Answered(granted.Partition);
        if (granted.Leases.IsEmpty)
        {
            if (question is not null)
            {
                demand.NothingFor(question, granted.Incarnation, Now);
            }

            return;
        }

        var repeated = granted.Leases.Where(lease => held.Holds(lease.TaskId, lease.Epoch)).ToList();
        var fresh = granted.Leases.Where(lease => !held.Holds(lease.TaskId, lease.Epoch)).ToList();
        var callers = question is null ? [] : demand.StillWaiting(question);
        if (question is null || callers.Count == 0)
        {
            GiveBack(fresh, "nobody waited for the lease any more");
            demand.WorkAt(granted.Partition);
            return;
        }

        var wanted = callers.Sum(caller => caller.Request.MaxTasks);
        var allowed = question.OnlyRepeat ? fresh.Count : Math.Min(Math.Min(fresh.Count, wanted), Room());
        GiveBack(fresh[allowed..], "the worker may not take the lease any more");
        var delivered = fresh[..allowed];
        if (delivered.Count + repeated.Count == 0)
        {
            callers.ForEach(caller => caller.AskLater(granted.Partition));
            return;
        }

        delivered.ForEach(lease => held.Add(lease, granted.Partition, Now));
        Deliver(question, callers, repeated, delivered);
    }

    private void Deliver(LeaseDemand.Question question, List<LeaseDemand.Caller> callers, List<LeasedTask> repeated, List<LeasedTask> delivered)
    {
        var replies = new Dictionary<LeaseDemand.Caller, LeasesGranted>();
        List<LeasedTask> leases = [.. repeated, .. delivered];
        var given = 0;
        foreach (var caller in callers.TakeWhile(_ => given < leases.Count))
        {
            // A call alone gets all: what the same call was given before may be more than it asks for this time.
            var count = callers.Count == 1 ? leases.Count : Math.Min(caller.Request.MaxTasks, leases.Count - given);
            replies[caller] = new LeasesGranted { Partition = question.Partition, Leases = [.. leases.GetRange(given, count)] };
            given += count;
        }

        demand.Served(replies.Keys, Now);
        var probing = question.OnlyRepeat ? null : FailureAccounting.Probing(
            State, delivered.Select(lease => new HeldLease { TaskId = lease.TaskId, Epoch = lease.Epoch, Queue = lease.Queue, GrantedAt = Now }), Now);
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

    private void GiveBack(List<LeasedTask> leases, string reason)
    {
        if (leases.Count > 0)
        {
            leases.ForEach(lease => returns.Add(lease.TaskId, lease.Epoch, reason));
            SendReturns();
        }
    }

    private void SendReturns()
    {
        foreach (var message in returns.Messages(State.WorkerId, held.PartitionOf))
        {
            regions.Queues.Tell(message, Self);
        }
    }

    private void OnReturned(LeaseResults results)
    {
        foreach (var result in results.Results)
        {
            if (result.Refused?.Reason != RefusalReason.Unavailable)
            {
                returns.Remove(result.TaskId, result.Epoch);
                held.Remove(result.TaskId, result.Epoch);
            }
        }

        demand.RoomGrew();
    }

    private void OnFreed(LeasesFreed freed)
    {
        foreach (var lease in freed.Leases)
        {
            held.Remove(lease.TaskId, lease.Epoch);
        }

        demand.WorkAt(freed.Partition);
        demand.RoomGrew();
    }

    private void OnOutcomes(LeaseOutcomes batch)
    {
        var isNew = batch.Number > State.OutcomesTaken.GetValueOrDefault(batch.Partition);
        foreach (var outcome in batch.Outcomes)
        {
            held.Remove(outcome.TaskId, outcome.Epoch);
            returns.Remove(outcome.TaskId, outcome.Epoch);
            if (isNew && outcome.Reason is { } reason)
            {
                session.Tell(new LeaseRevoked { TaskId = outcome.TaskId, Epoch = outcome.Epoch, Reason = reason });
            }
        }

        demand.WorkAt(batch.Partition);
        demand.RoomGrew();
        StoreIfAny(FailureAccounting.Take(State, batch), after => regions.Queues.Tell(
            new OutcomesTaken { Partition = batch.Partition, WorkerId = after.WorkerId, Number = batch.Number }, Self));
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
        foreach (var caller in demand.TakeOut(caller => WorkerMembership.RefusedCall(State, caller.Request.InstanceId) is not null))
        {
            caller.ReplyTo.Tell(WorkerMembership.RefusedCall(State, caller.Request.InstanceId)!);
        }
    }

    /// <summary>This entity comes back, here or on another node, and does not know of those that wait now.</summary>
    protected override void PostStop()
    {
        foreach (var caller in demand.TakeOut(_ => true))
        {
            caller.ReplyTo.Tell(Refused.Unavailable("the worker's entity ended while the call waited: ask again, under the same request_id"));
        }

        base.PostStop();
    }

    private void AskWhatIsHeld()
    {
        held.BeginAsking(Now);
        SendHeldQuestions();
    }

    private void SendHeldQuestions()
    {
        foreach (var partition in held.Awaited)
        {
            if (held.AskedAt is { } asked && Now - asked >= settings.Queues.ResendAfter)
            {
                demand.IsSilent(partition, Now);
            }

            regions.Queues.Tell(new GetHeldLeases { Partition = partition, WorkerId = State.WorkerId }, Self);
        }
    }
}
