using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// One partition of the task ids: owns its tasks in every queue, and alone starts and ends their leases. What it decides is in
/// <c>Morag.Failover.Domain.Queues</c>; here is when, and who hears of it.
/// </summary>
public sealed partial class QueueActor : EventSourcedActor<QueueState>
{
    private const int MostInOneEvent = 500;
    private static readonly TimeSpan WakeInterval = TimeSpan.FromSeconds(1);

    private readonly int partition;
    private readonly FailoverSettings settings;
    private readonly IFailoverRegions regions;
    private readonly IOutageWatch outages;
    private readonly IEpochFloors epochs;
    private readonly QueueObligations obligations;
    private readonly UnservedMoves unserved;
    private readonly Intake intake = new();
    private readonly WaitingDemand demand;
    private readonly List<TaskId> toOffer = [];
    private readonly Dictionary<WorkerId, OutcomesTaken> acknowledgements = [];
    private readonly Queue<WorkerId> workersToWake = new();
    private FleetViewPoller fleet = null!;
    private DueTimer due = null!;
    private DateTimeOffset clocksRestartedAt;

    /// <summary>This run: positive, and far enough from all others for the numbers that are counted from it.</summary>
    private readonly long incarnation = Random.Shared.NextInt64(1, long.MaxValue / 2);

    public QueueActor(int partition, FailoverSettings settings, IFailoverRegions regions, IOutageWatch outages, IEpochFloors epochs)
        : base(
            PersistenceIds.Queue(partition),
            QueueState.Empty with { HistoryKept = settings.Queues.HistoryKept },
            SnapshotPolicy.OfLarge(settings.Storage))
    {
        this.partition = partition;
        this.settings = settings;
        this.regions = regions;
        this.outages = outages;
        this.epochs = epochs;
        obligations = new QueueObligations(partition, settings, regions, Self);
        unserved = new UnservedMoves(settings.Queues);
        demand = new WaitingDemand(settings.Queues, incarnation);
    }

    /// <summary>The entity of one partition.</summary>
    public static Props Props(int partition, FailoverSettings settings, IFailoverRegions regions, IOutageWatch outages, IEpochFloors epochs) =>
        Akka.Actor.Props.Create(() => new QueueActor(partition, settings, regions, outages, epochs));

    /// <inheritdoc />
    protected override QueueState Apply(QueueState state, IStoredEvent @event) => QueueEvents.Apply(state, @event);

    /// <inheritdoc />
    protected override IEnumerable<IStoredState> ToSnapshot(QueueState state) => QueueSnapshots.ToParts(state, settings.Storage.SnapshotPartBytes);

    /// <inheritdoc />
    protected override QueueState FromSnapshot(IReadOnlyList<IStoredState> parts) =>
        QueueSnapshots.FromParts(
            [.. parts.Cast<QueueSnapshot>()],
            QueueState.Empty with { HistoryKept = settings.Queues.HistoryKept },
            (one, other) => Parallel.Invoke(one, other));

    /// <inheritdoc />
    protected override StoredSize SizeOf(QueueState state) => new(state.Tasks.Count, QueueSnapshots.BytesOf(state));

    /// <inheritdoc />
    protected override bool IsDatedAfter(QueueState state, DateTimeOffset now) => QueueClockCorrection.IsNeeded(state, now);

    /// <inheritdoc />
    protected override void Recovered()
    {
        fleet = new FleetViewPoller(Timers, Self, regions.Directory, settings.Partitions.DirectoryBuckets, new() { Partition = partition, Incarnation = incarnation });
        var scheduler = Context.System.Scheduler;
        due = new DueTimer(Timers, () => scheduler.Now);
        fleet.Start();
        RestartLeaseClocks(Now);
        obligations.OweAll(State);
        WakeAllThatHoldLeases();
        Timers.StartPeriodicTimer(nameof(WakeAll), WakeAll.Instance, settings.Queues.ResendAfter * 5);
        Timers.StartPeriodicTimer(nameof(Round), Round.Instance, settings.Queues.ResendAfter);
        Timers.StartPeriodicTimer(nameof(LookForUnserved), LookForUnserved.Instance, unserved.Interval);
        due.ArmAt(State.NextDue);
        ReportUndefinedQueues();
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        if (!IsRecovering)
        {
            epochs.Release(partition, State.LastEpoch);
        }

        intake.RefuseAll();
        base.PostStop();
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        CarryOutWhatIsDue();
        var batch = BatchRules.Check(message);
        if ((batch.Refusal ?? ReasonRules.Refusal(message)) is { } refused)
        {
            Sender.Tell(refused);
        }
        else if (message is SubmitTasks submit)
        {
            TakeIn(submit, batch.Bytes);
        }
        else
        {
            Dispatch(message);
        }

        OfferWhatIsReady();
        due.ArmAt(State.NextDue);
    }

    /// <summary>The partition may come from a node that defines other queues.</summary>
    private void ReportUndefinedQueues()
    {
        foreach (var undefined in QueueStatistics.Undefined(State, settings.Queues))
        {
            Log.Error(
                "{0} holds unfinished tasks of the queue {1} ({2}), which this node does not define: no worker gets them while the partition is "
                + "here. Define the queue in morag.failover.queues.definitions on every node, or cancel or requeue its tasks",
                PersistenceId,
                undefined.Queue,
                undefined.UnfinishedTasks);
        }
    }

    private void Dispatch(object message)
    {
        switch (message)
        {
            case GrantLeases request:
                Grant(request);
                break;
            case WithdrawInterest withdrawn:
                toOffer.AddRange(demand.Withdraw(withdrawn.WorkerId, withdrawn.Interest));
                break;
            case CompleteTasks complete:
                Complete(complete);
                Forget();
                break;
            case ReleaseLeases release:
                Answer(LeaseCalls.Decide(State, release, Now));
                break;
            case ExtendLease extend:
                Answer(LeaseCalls.Decide(State, extend, Now));
                break;
            case EndLease end:
                Answer(LeaseEndings.Decide(State, end, settings.Policy, Now));
                break;
            case Reassign reassign:
                Carry(reassign);
                break;
            case Unpark unpark:
                AnswerTo(regions.Coordinators, ParkReversal.Decide(State, unpark, Now));
                break;
            case AskWhetherParked question:
                var parked = ParkReversal.Decide(State, question);
                AfterWrites(() => regions.Coordinators.Tell(parked, Self));
                break;
            case DropWorkerShare drop:
                AnswerTo(regions.Workers, WorkerShareRetention.Decide(State, drop));
                break;
            case FenceInstance fence:
                Take(fence);
                break;
            case PinsRefused refused:
                LetGo(refused);
                break;
            case OutcomesTaken taken:
                Gather(taken);
                break;
            case CancelTask cancel:
                Answer(OperatorCommands.Decide(State, cancel, Now));
                Forget();
                break;
            case RequeueTask requeue:
                Answer(OperatorCommands.Decide(State, requeue, settings.Queues, Now));
                break;
            case CancelTasks or RequeueTasks:
                BeginBulk((IPartitionMessage)message);
                break;
            case BulkCommand bulk:
                ContinueBulk(bulk);
                break;
            case BulkFailed failed:
                Log.Error(failed.Cause, "{0}: a call for many tasks failed", PersistenceId);
                failed.ReplyTo.Tell(Refused.Unavailable("an internal error; it is in the node's log"));
                break;
            default:
                if (!TryRead(message) && !TryTick(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    private bool TryRead(object message)
    {
        var replyTo = Sender;
        var state = State;
        var policy = settings.Policy;
        var (view, isKnown) = (fleet.View, fleet.IsComplete);
        switch (message)
        {
            case GetTask query:
                AfterWrites(() => replyTo.Tell(
                    TaskQueries.Find(state, query.TaskId, policy, UnmetNeed) ?? (IWireMessage)Refused.Unknown($"there is no task {query.TaskId}")));
                return true;
            case ListTasks query:
                // A filter that few tasks match reads through all of them: the state is immutable, so that needs no actor's time.
                AfterWrites(() => DoAside(() => TaskQueries.List(state, query, policy, UnmetNeed), cause => new Status.Failure(cause), replyTo));
                return true;
            case GetQueueStats:
                AfterWrites(() => DoAside(() => QueueStatistics.Of(state, view, isKnown, settings.Queues), cause => new Status.Failure(cause), replyTo));
                return true;
            case LookForWork look:
                var any = LeaseGrants.WouldGrant(state, look.Request, view, settings);
                AfterWrites(() => replyTo.Tell(new WorkFound { Partition = partition, Any = any }));
                return true;
            case GetHeldLeases query:
                AfterWrites(() => replyTo.Tell(TaskQueries.HeldBy(state, query.WorkerId, partition)));
                return true;
            default:
                return false;
        }

        string? UnmetNeed(TaskRecord task) => isKnown ? UnmetNeeds.Of(task, view, settings.Queues) : null;
    }

    private bool TryTick(object message)
    {
        switch (message)
        {
            case DueTimer.Due:
                due.Fired();
                return true;
            case FleetSlice:
                fleet.TryHandle(message);
                if (fleet.IsComplete)
                {
                    unserved.See(fleet.View, Now);
                }

                WakeAvoided();
                return true;
            case TakeAcknowledgements:
                StoreAcknowledgements();
                return true;
            case Round:
                var state = State;
                AfterWrites(() => obligations.SendAgain(state));
                ExpireInterests();
                MoveUnserved();
                Forget();
                return true;
            case LookForUnserved:
                FindUnserved();
                return true;
            case UnservedFailed failed:
                Log.Error(failed.Cause, "{0}: looking for tasks that nobody can take failed; the next look tries again", PersistenceId);
                unserved.Found([]);
                return true;
            case UnservedFound found:
                unserved.Found(found.Tasks);
                MoveUnserved();
                return true;
            case WakeAll:
                WakeAllThatHoldLeases();
                return true;
            case WakeMore:
                WakeWorkers();
                return true;
            default:
                return fleet.TryHandle(message);
        }
    }

    private void TakeIn(SubmitTasks submit, long bytes)
    {
        if (!intake.MustWait(BytesUnderWay))
        {
            Answer(Submission.Decide(State, submit, settings, Now));
        }
        else if (!intake.TryAdd(submit, bytes, Sender))
        {
            Sender.Tell(Refused.LimitReached(
                $"{Intake.MostWaiting / (1024 * 1024)} MiB of submissions wait for the store already; nothing of this one was accepted, retry later"));
        }
    }

    private void TakeInWaiting()
    {
        while (intake.Next(BytesUnderWay) is { } entry)
        {
            Answer(Submission.Decide(State, entry.Submit, settings, Now), entry.ReplyTo);
        }

        OfferWhatIsReady();
    }

    private void Answer<TReply>(Decision<TReply> decided, IActorRef? waiting = null)
    {
        var replyTo = waiting ?? Sender;
        if (decided.Event is { } @event)
        {
            Change(@event, () => replyTo.Tell(decided.Reply), waiting);
        }
        else
        {
            AfterWrites(() => replyTo.Tell(decided.Reply), waiting);
        }
    }

    private void Change(IStoredEvent @event, Action? afterwards = null, IActorRef? caller = null)
    {
        var before = State;
        Commit(
            @event,
            after =>
            {
                afterwards?.Invoke();
                obligations.SendNew(@event, before, after);
                foreach (var wentOn in ParkReversal.WentOn(@event, before))
                {
                    regions.Coordinators.Tell(wentOn, Self);
                }


                TakeInWaiting();
            },
            caller is null ? null : [caller]);
        if (!demand.IsEmpty)
        {
            toOffer.AddRange(State.JustReady);
        }
    }

    /// <summary>The answer goes to the coordinator's region: the sender may be gone when it is durable.</summary>
    private void Carry(Reassign reassign)
    {
        var decided = TaskReassignment.Decide(State, reassign, settings.Queues, Now);
        AnswerTo(regions.Coordinators, decided);
        MoveUnserved();
        if (decided.Event is TaskReassigned { PinnedTo: { } worker })
        {
            WakeOne(worker);
        }
    }

    private void Take(FenceInstance fence)
    {
        var now = Now;
        var decided = InstanceFences.Decide(State, fence, settings, MostInOneEvent, now);
        while (decided.Event is InstanceFenced { IsPart: true } part)
        {
            Change(part);
            decided = InstanceFences.Decide(State, fence, settings, MostInOneEvent, now);
        }

        if (decided.Event is not null)
        {
            // It was lost, replaced, or left. Whoever comes back after it asks again.
            toOffer.AddRange(demand.Remove(fence.WorkerId));
        }

        AnswerTo(regions.Workers, decided);
    }

    private void AnswerTo<TReply>(IActorRef region, Decision<TReply> decided)
    {
        var self = Self;
        if (decided.Event is { } @event)
        {
            Change(@event, () => region.Tell(decided.Reply, self));
        }
        else
        {
            AfterWrites(() => region.Tell(decided.Reply, self));
        }
    }

    /// <summary>
    /// Acknowledgements are stored together for all workers, once in a while, and the next batches gather until then; unless so
    /// much gathers that waiting would hold it up.
    /// </summary>
    private void Gather(OutcomesTaken taken)
    {
        acknowledgements[taken.WorkerId] = taken;
        if (State.ShareOf(taken.WorkerId).Outbox.IsPressing)
        {
            StoreAcknowledgements();
        }
        else if (!Timers.IsTimerActive(nameof(TakeAcknowledgements)))
        {
            Timers.StartSingleTimer(nameof(TakeAcknowledgements), TakeAcknowledgements.Instance, settings.Queues.OutcomeInterval);
        }
    }

    private void StoreAcknowledgements()
    {
        foreach (var taken in acknowledgements.Values.Chunk(MostInOneEvent))
        {
            if (OutcomeDelivery.Decide(State, taken) is { } acknowledged)
            {
                Change(acknowledged);
            }
        }

        acknowledgements.Clear();
    }

    private void CarryOutWhatIsDue()
    {
        while (State.NextDue <= Now)
        {
            var outageEndedAt = outages.LastOutageEndedAt();
            if (outageEndedAt > clocksRestartedAt && RestartLeaseClocks(outageEndedAt))
            {
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

            if (LeaseEndings.DecideDue(State, MostInOneEvent, Now) is { } ended)
            {
                Change(ended);
            }
        }
    }

    private void LetGo(PinsRefused refused)
    {
        if (DueTasks.Decide(State, refused, Now) is { } ended)
        {
            Change(ended);
        }
    }

    /// <summary>After an outage of ours no worker can be blamed for a lease that ran over.</summary>
    private bool RestartLeaseClocks(DateTimeOffset at)
    {
        clocksRestartedAt = at;
        if (State.LeaseEnds.IsEmpty)
        {
            return false;
        }

        Change(new LeaseClocksRestarted { At = at });
        return true;
    }

    private void Forget()
    {
        var slack = Math.Min(MostInOneEvent / 2, settings.Queues.FinishedKept / 10);
        if (TaskRetention.Decide(State, settings.Queues, slack, MostInOneEvent, Now) is { } forgotten)
        {
            Change(forgotten);
        }
    }

    /// <summary>
    /// Starts the entities of workers that hold leases, again and again: one may have ended with its node, and a worker that was lost
    /// together with that node is found missing by its entity alone.
    /// </summary>
    private void WakeAllThatHoldLeases()
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

        WakeWorkers();
    }

    private void WakeWorkers()
    {
        for (var left = settings.Workers.WakeRate; left > 0 && workersToWake.TryDequeue(out var worker); left--)
        {
            regions.Workers.Tell(new WakeWorker { WorkerId = worker }, Self);
        }

        if (workersToWake.Count > 0)
        {
            Timers.StartSingleTimer(nameof(WakeMore), WakeMore.Instance, WakeInterval);
        }
    }

    private void BeginBulk(IPartitionMessage command)
    {
        var replyTo = Sender;
        var refused = command switch
        {
            RequeueTasks requeue => OperatorCommands.Refusal(requeue, settings.Queues),
            CancelTasks cancel => OperatorCommands.Refusal(cancel),
            _ => null,
        };
        if (refused is not null)
        {
            AfterWrites(() => replyTo.Tell(refused));
            return;
        }

        var state = State;
        DoAside(
            () => new BulkCommand(command, OperatorCommands.Matching(state, command), replyTo),
            cause => new BulkFailed(replyTo, cause),
            Self);
    }

    private void ContinueBulk(BulkCommand bulk)
    {
        var decided = bulk.Command switch
        {
            _ when bulk.IsOver => new(null, []),
            RequeueTasks { DryRun: false } requeue => OperatorCommands.Decide(State, requeue, bulk.Present, Now),
            CancelTasks { DryRun: false } cancel => OperatorCommands.Decide(State, cancel, bulk.Present, Now),
            _ => new Decision<ImmutableArray<TaskId>>(null, [.. bulk.Present]),
        };
        if (decided.Event is { } @event)
        {
            Change(@event);
        }

        var further = bulk.After(decided.Reply);
        if (!further.IsOver)
        {
            Self.Tell(further);
            return;
        }

        Forget();
        AfterWrites(() => further.ReplyTo.Tell(further.Affected), further.ReplyTo);
    }

    private abstract class Timed<TSelf> : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout
        where TSelf : new()
    {
        public static readonly TSelf Instance = new();
    }

    private sealed class Round : Timed<Round>;

    private sealed class TakeAcknowledgements : Timed<TakeAcknowledgements>;

    private sealed class LookForUnserved : Timed<LookForUnserved>;

    private sealed class WakeAll : Timed<WakeAll>;

    private sealed class WakeMore : Timed<WakeMore>;

    private sealed record UnservedFound(List<TaskId> Tasks) : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout;

    private sealed record UnservedFailed(Exception Cause) : INoSerializationVerificationNeeded, INotInfluenceReceiveTimeout;

    private sealed record BulkFailed(IActorRef ReplyTo, Exception Cause) : INoSerializationVerificationNeeded;
}
