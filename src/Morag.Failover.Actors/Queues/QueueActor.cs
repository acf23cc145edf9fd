using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Owns the tasks of one partition, in every queue, and alone starts and ends their leases. The decisions are in
/// <c>Morag.Failover.Domain.Queues</c>; this actor persists them and sends the messages.
/// </summary>
public sealed partial class QueueActor : EventSourcedActor<QueueState>
{
    private const int MostInOneEvent = 500;

    private readonly int partition;
    private readonly FailoverSettings configured;
    private readonly IFailoverRegions regions;
    private readonly IOutageWatch outages;
    private readonly IEpochFloors epochs;
    private readonly QueueDeliveries deliveries;
    private readonly QueueMetrics metrics;
    private readonly UnservedMoves unserved;
    private readonly Intake intake = new();
    private readonly WaitingDemand demand;
    private readonly ControlCopies copies;
    private readonly List<TaskId> toOffer = [];
    private readonly Dictionary<WorkerId, OutcomesReceived> acknowledgements = [];
    private readonly Queue<WorkerId> workersToWake = new();
    private FleetViewPoller fleet = null!;
    private DueTimer due = null!;
    private DateTimeOffset clocksRestartedAt;

    /// <summary>The configured settings, with the limits that operators changed.</summary>
    private FailoverSettings settings;

    /// <summary>This run: positive, and far enough from other runs for the interest numbers that start at it.</summary>
    private readonly long incarnation = Chance.Of(Context.System).NextInt64(1, long.MaxValue / 2);

    public QueueActor(int partition, FailoverSettings settings, IFailoverRegions regions, IOutageWatch outages, IEpochFloors epochs)
        : base(
            PersistenceIds.Queue(partition),
            QueueState.Empty with { HistoryKept = settings.Queues.HistoryKept },
            SnapshotPolicy.OfLarge(settings.Storage))
    {
        this.partition = partition;
        configured = settings;
        this.settings = settings;
        this.regions = regions;
        this.outages = outages;
        this.epochs = epochs;
        deliveries = new QueueDeliveries(partition, settings, regions, Self);
        metrics = new QueueMetrics(settings.Queues);
        unserved = new UnservedMoves(settings.Queues);
        demand = new WaitingDemand(settings.Queues, incarnation);
        copies = new ControlCopies(settings.Partitions.Queues, settings.Queues.ResendAfter, regions, Self);
    }

    public static Props Props(
        int partition, FailoverSettings settings, IFailoverRegions regions, IOutageWatch outages, IEpochFloors epochs) =>
        Akka.Actor.Props.Create(() => new QueueActor(partition, settings, regions, outages, epochs));

    /// <inheritdoc />
    protected override QueueState Apply(QueueState state, IStoredEvent @event) => QueueEvents.Apply(state, @event);

    /// <inheritdoc />
    protected override IEnumerable<IStoredState> ToSnapshot(QueueState state) =>
        QueueSnapshotMapping.ToParts(state, settings.Storage.SnapshotPartBytes);

    /// <inheritdoc />
    protected override QueueState FromSnapshot(IReadOnlyList<IStoredState> parts) =>
        QueueSnapshotMapping.FromParts(
            [.. parts.Cast<QueueSnapshot>()],
            QueueState.Empty with { HistoryKept = settings.Queues.HistoryKept },
            (one, other) => Parallel.Invoke(one, other));

    /// <inheritdoc />
    protected override StoredSize SizeOf(QueueState state) => new(state.Tasks.Count, QueueSnapshotMapping.BytesOf(state));

    /// <inheritdoc />
    protected override bool IsDatedAfter(QueueState state, DateTimeOffset now) => QueueClockCorrection.IsNeeded(state, now);

    /// <inheritdoc />
    protected override bool IsGauged => true;

    /// <inheritdoc />
    protected override void Recovered()
    {
        var run = new QueueIncarnation { Partition = partition, Incarnation = incarnation };
        fleet = new FleetViewPoller(Timers, Self, regions.Directory, settings.Partitions.DirectoryBuckets, run);
        var scheduler = Context.System.Scheduler;
        due = new DueTimer(Timers, () => scheduler.Now);
        fleet.Start();
        UseControls(ControlledQueues.None);
        SendAudit(State);
        if (partition == QueueControlReport.OwnerPartition)
        {
            copies.Resume(State.Controls, Now);
        }

        RestartLeaseClocks(Now);
        deliveries.Resume(State, Now);
        WakeLeaseHolders();
        StartTimers();
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
        copies.AnswerAll();
        base.PostStop();
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        ApplyDueChanges();
        var batch = BatchRules.Check(message);
        if ((batch.Refusal ?? ReasonRules.Refusal(message)) is { } refused)
        {
            Sender.Tell(refused);
        }
        else if (message is SubmitTasks submit)
        {
            AcceptOrHold(submit, batch.Bytes);
        }
        else if (!TryHandleWorker(message)
            && !TryHandleOwner(message)
            && !TryHandleOperator(message)
            && !TryHandleControl(message)
            && !TryHandleQuery(message)
            && !TryHandleTimer(message))
        {
            Unhandled(message);
        }

        OfferReadyTasks();
        due.ArmAt(State.NextDue);
    }

    /// <summary>
    /// Logs an error for each queue with unfinished tasks that this node does not define, as when the partition comes from a node with
    /// other settings.
    /// </summary>
    private void ReportUndefinedQueues()
    {
        foreach (var undefined in QueueStatistics.Undefined(State, settings.Queues))
        {
            Log.Error(
                "{Owner} holds {Tasks} of queue {Queue}, which this node does not define. No worker gets them while the partition is on "
                + "this node. Define the queue in morag.failover.queues.definitions on every node, or cancel or requeue its tasks",
                PersistenceId,
                Counted.Of(undefined.UnfinishedTasks, "unfinished task"),
                undefined.Queue);
        }
    }

    private bool TryHandleWorker(object message)
    {
        switch (message)
        {
            case GrantLeases request:
                Grant(request);
                return true;
            case WithdrawInterest withdrawn:
                toOffer.AddRange(demand.Withdraw(withdrawn.WorkerId, withdrawn.Interest));
                return true;
            case CompleteTasks complete:
                Complete(complete);
                ForgetFinished();
                return true;
            case ReleaseLeases release:
                Answer(LeaseCalls.Decide(State, release, Now));
                return true;
            case ExtendLease extend:
                Answer(LeaseCalls.Decide(State, extend, Now));
                return true;
            case ReportProgress report:
                Accept(report);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Messages from coordinators and workers' entities.</summary>
    private bool TryHandleOwner(object message)
    {
        switch (message)
        {
            case EndLease end:
                Answer(LeaseEndings.Decide(State, end, settings.Policy, Now));
                return true;
            case Reassign reassign:
                Apply(reassign);
                return true;
            case Unpark unpark:
                AnswerTo(regions.Coordinators, ParkReversal.Decide(State, unpark, Now));
                return true;
            case DescribeFailure question:
                var described = ImaginedFailure.Describe(State, question, settings.Policy, Now);
                AfterWrites(() => regions.Coordinators.Tell(described, Self));
                return true;
            case GetParkState query:
                var parked = ParkReversal.Decide(State, query);
                AfterWrites(() => regions.Coordinators.Tell(parked, Self));
                return true;
            case DropWorkerShare drop:
                AnswerTo(regions.Workers, WorkerShareRetention.Decide(State, drop));
                return true;
            case FenceInstance fence:
                Apply(fence);
                return true;
            case PinsRefused refused:
                ChangeIfAny(DueTasks.Decide(State, refused, Now));
                return true;
            case OutcomesReceived received:
                Acknowledge(received);
                return true;
            default:
                return false;
        }
    }

    private bool TryHandleOperator(object message)
    {
        switch (message)
        {
            case CancelTask cancel:
                Answer(OperatorCommands.Decide(State, cancel, Now));
                ForgetFinished();
                return true;
            case RequeueTask requeue:
                Answer(OperatorCommands.Decide(State, requeue, settings.Queues, Now));
                return true;
            case CancelTasks or RequeueTasks or ChangeTasks:
                BeginBulk((IPartitionMessage)message);
                return true;
            case BulkCommand bulk:
                ContinueBulk(bulk);
                return true;
            case BulkFailed failed:
                FailBulk(failed);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Replies to the coordinator's region: the sender may be gone by the time the change is durable.</summary>
    private void Apply(Reassign reassign)
    {
        var decided = TaskReassignment.Decide(State, reassign, settings.Queues, Now);
        AnswerTo(regions.Coordinators, decided);
        MoveUnserved();
        if (decided.Event is TaskReassigned { PinnedTo: { } worker })
        {
            WakeOne(worker);
        }
    }

    private void Apply(FenceInstance fence)
    {
        if (fence.Kind == FenceKind.Lost)
        {
            // How long its leases stay depends on how far they are.
            StoreProgressOf(fence.WorkerId);
        }

        var now = Now;
        var decided = InstanceFences.Decide(State, fence, settings, MostInOneEvent, now);
        while (decided.Event is InstanceFenced { IsPart: true } part)
        {
            Change(part);
            decided = InstanceFences.Decide(State, fence, settings, MostInOneEvent, now);
        }

        if (decided.Event is not null)
        {
            // The worker was lost, replaced or left. If it comes back, it asks again.
            toOffer.AddRange(demand.Remove(fence.WorkerId));
        }

        AnswerTo(regions.Workers, decided);
    }
}
