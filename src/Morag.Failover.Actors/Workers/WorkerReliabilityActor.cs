using Morag.Failover.Actors.Delivery;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// Owns one worker: its registration, liveness, score, breaker and lease requests. No other actor judges the worker. This file dispatches
/// messages and stores what the domain decides. <c>WorkerCalls</c> handles the worker's own calls, <c>Operators</c> those of operators,
/// <c>Leasing</c> its lease requests, <c>Delivery</c> announces changes and resends what is not acknowledged, <c>Display</c> shows it, and
/// <c>Retention</c> removes it long after it is gone.
/// </summary>
public sealed partial class WorkerReliabilityActor : EventSourcedActor<WorkerState>
{
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(10);

    private readonly FailoverSettings settings;
    private readonly IFailoverRegions regions;
    private readonly OwnerHealth health;
    private readonly IHistoryEraser eraser;
    private readonly WorkerPulse pulse;
    private readonly HeldLeasesView held;
    private readonly LeaseDemand demand;
    private readonly FenceOutbox fences;
    private readonly WorkerSession session = new();
    private readonly DegradedWatch degraded;
    private readonly LeaseReturns returns;
    private readonly ResendSchedule<UnacknowledgedMessage> unacknowledged;
    private readonly int bucket;
    private readonly Random chance = Chance.Of(Context.System);
    private DueTimer due = null!;
    private long acknowledgedRevision;
    private DateTimeOffset seenReportedAt;
    private int? reportedHeld;
    private bool waitsToPassivate;

    /// <summary>Whether the worker's heartbeats list the leases that it holds; null before the first one that this entity gets.</summary>
    private bool? listsHeld;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public WorkerReliabilityActor(
        WorkerId worker,
        FailoverSettings settings,
        IFailoverRegions regions,
        IOutageWatch outages,
        OwnerHealth health,
        IHistoryEraser eraser)
        : base(
            PersistenceIds.Worker(worker),
            WorkerState.Unknown(worker),
            SnapshotPolicy.OfSmall(settings.Storage))
    {
        this.settings = settings;
        this.regions = regions;
        this.health = health;
        this.eraser = eraser;
        pulse = new WorkerPulse(settings.Workers, outages, Gateways.Of(Context.System), Now);
        held = new HeldLeasesView(settings.Partitions.Queues);
        demand = new LeaseDemand(settings.Partitions.Queues, settings.Queues.ResendAfter, settings.Workers, chance);
        fences = new FenceOutbox(settings.Partitions.Queues);
        returns = new LeaseReturns(settings.Partitions.Queues);
        unacknowledged = new ResendSchedule<UnacknowledgedMessage>(settings.Queues.ResendAfter);
        degraded = new DegradedWatch(settings.Workers, Now);
        bucket = Partition.Of(worker, settings.Partitions.DirectoryBuckets);
    }

    /// <summary>
    /// Creates the props of a worker's entity. <paramref name="health"/> tells which queue partitions this node believes to be down, and
    /// <paramref name="eraser"/> removes the stored history of a worker that is forgotten.
    /// </summary>
    public static Props Props(
        WorkerId worker,
        FailoverSettings settings,
        IFailoverRegions regions,
        IOutageWatch outages,
        OwnerHealth health,
        IHistoryEraser eraser) =>
        Akka.Actor.Props.Create(() => new WorkerReliabilityActor(worker, settings, regions, outages, health, eraser));

    /// <inheritdoc />
    protected override WorkerState Apply(WorkerState state, IStoredEvent @event) => state.Apply(@event);

    /// <inheritdoc />
    protected override IEnumerable<IStoredState> ToSnapshot(WorkerState state) => [WorkerSnapshotMapping.ToSnapshot(state)];

    /// <inheritdoc />
    protected override WorkerState FromSnapshot(IReadOnlyList<IStoredState> parts) =>
        WorkerSnapshotMapping.FromSnapshot((WorkerSnapshot)parts[0]);

    /// <inheritdoc />
    protected override bool IsDatedAfter(WorkerState state, DateTimeOffset now) => WorkerClockCorrection.IsNeeded(state, now);

    /// <inheritdoc />
    protected override void Recovered()
    {
        due = new DueTimer(Timers, static () => Now);
        seenReportedAt = Now - settings.Workers.SeenInterval;
        if (State.Registration is { } registration)
        {
            pulse.OnRegistered(registration.HeartbeatIntervalSeconds, newInstance: true);
            RequestHeldLeases();
        }

        SendFences(State);
        SendAudit(State);
        if (State.IsKnown)
        {
            SendEntry(State);
        }

        Settle();
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        if (isErasing)
        {
            if (message is HistoryErased erased)
            {
                OnErased(erased);
            }

            return;
        }

        if (ReasonRules.Refusal(message) is { } refused)
        {
            Sender.Tell(refused);
            return;
        }

        var wasHeard = pulse.CatchUp(Now);
        if (wasHeard)
        {
            StoreIfAny(WorkerMembership.EndSuspicion(State, Now));
        }

        switch (message)
        {
            case Heartbeat heartbeat:
                if (OnHeartbeat(heartbeat) && !wasHeard)
                {
                    return;
                }

                break;
            case DueTimer.Due:
                due.Fired();
                OnDue();
                break;
            case ReceiveTimeout when !wasHeard:
                PassivateWhenIdle();
                return;
            case ReceiveTimeout:
                break;
            case WorkerEntryAcknowledged taken:
                OnEntryAcknowledged(taken.Revision);
                break;
            case FenceAcknowledged taken:
                OnFenceAcknowledged(taken);
                break;
            default:
                if (!HandleWorkerCall(message) && !HandleLeasing(message) && !HandleAccounting(message) && !HandleOperator(message)
                    && !HandleRetention(message))
                {
                    Unhandled(message);
                }

                break;
        }

        Settle();
    }

    private void OnDue()
    {
        StoreIfAny(FailureAccounting.HalfOpenBreaker(State, Now));
        StoreIfAny(WorkerMembership.ExpireDrain(State, Now));
        JudgeLiveness();
        ResendDue();
    }

    private void JudgeLiveness()
    {
        if (State is not { IsRegistered: true, Liveness: not Liveness.Offline })
        {
            return;
        }

        var signs = pulse.SignsForVerdict(Now);
        var verdict = LivenessRules.Judge(State.Liveness, signs, settings.Workers, Now);
        StoreIfAny(WorkerMembership.ApplyVerdict(State, verdict, held.Count > 0, NewLoss(), signs.SilentSince, Now));
    }

    /// <summary>
    /// Stores an event, and announces it once it is durable. If it cannot be stored, <paramref name="callers"/>, or else the sender, are
    /// told that the outcome is unknown. Without an event, only <paramref name="afterwards"/> runs.
    /// </summary>
    private void StoreIfAny(IStoredEvent? @event, Action<WorkerState>? afterwards = null, IEnumerable<IActorRef>? callers = null)
    {
        if (@event is null)
        {
            var state = State;
            if (afterwards is not null)
            {
                AfterWrites(() => afterwards(state));
            }

            return;
        }

        var before = State;
        Commit(
            @event,
            after =>
            {
                // Not before: the replies to heartbeats are not held back, and the worker stops its work on leases that they lack.
                if (EndsLeases(before, after))
                {
                    held.Clear();
                }

                Announce(before, @event, after);
                afterwards?.Invoke(after);
                ServeWaitingCalls();
            },
            callers);
        if (State.LastFence > before.LastFence)
        {
            demand.Reset();
        }
    }

    private static bool EndsLeases(WorkerState before, WorkerState after) =>
        after.LastFence > before.LastFence && after.Fences is [.., { Kind: FenceKind.Proven or FenceKind.Returned }];

    private void PersistAndReply(Decision<IWireMessage> decision)
    {
        var caller = Sender;
        StoreIfAny(decision.Event, _ => caller.Tell(decision.Reply));
    }

    private void Answer(IWireMessage reply)
    {
        var caller = Sender;
        AfterWrites(() => caller.Tell(reply));
    }

    /// <summary>Runs after every message: serves waiting calls, and arms the timer for the next deadline.</summary>
    private void Settle()
    {
        PumpDemand();
        ReportHeldLeases();
        var owes = !State.Fences.IsEmpty || State.Revision > acknowledgedRevision || held.Awaited.Count > 0 || returns.Any
            || !State.Audit.Owed.IsEmpty;
        due.ArmAt(unacknowledged.NextDue);
        due.ArmAt(demand.DueAt(Now));
        due.ArmAt(State.Breaker.Until);
        if (State.IsRegistered)
        {
            due.ArmAt(State.Drain is { DeadlinePassed: false } drain ? drain.Deadline : null);
            if (State.Liveness != Liveness.Offline)
            {
                due.ArmAt(LivenessRules.Judge(State.Liveness, pulse.Signs(Now), settings.Workers, Now).LookAgainAt);
            }
        }

        // An offline worker needs no running entity: its next call starts the entity again.
        var isGone = !State.IsRegistered
            || (State.Liveness == Liveness.Offline && State.Drain is null or { DeadlinePassed: true } or { Deadline: null });
        WaitToPassivate(isGone && !owes && !demand.AnyWaiting && State.Breaker.Until is null);
    }

    /// <summary>
    /// Reports the number of held leases to the directory, which shows it in lists. For a worker with heartbeats the regular reports are
    /// enough; for any other worker each change is reported.
    /// </summary>
    private void ReportHeldLeases()
    {
        if (!held.IsKnown || reportedHeld == held.Count || !State.IsRegistered)
        {
            return;
        }

        ReportSeen(State.Liveness == Liveness.Alive ? settings.Workers.SeenInterval : TimeSpan.Zero);
        due.ArmAt(reportedHeld == held.Count ? null : seenReportedAt + settings.Workers.SeenInterval);
    }

    /// <summary>
    /// Stops an entity without deadlines after a while. The entity of a live worker keeps running, to notice when the worker is lost.
    /// </summary>
    private void WaitToPassivate(bool nothingDue)
    {
        if (nothingDue != waitsToPassivate)
        {
            waitsToPassivate = nothingDue;
            Context.SetReceiveTimeout(nothingDue ? IdleFor : null);
        }
    }

    private void PassivateWhenIdle()
    {
        if (waitsToPassivate)
        {
            Passivate();
        }
    }

    /// <summary>Created here and stored in the event, so that replay does not depend on chance.</summary>
    private LossId NewLoss() => new(Chance.NewId(chance));
}
