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
/// One worker: its registration, liveness, score, breaker and demand for leases. It alone judges the worker. This part takes what
/// arrives and stores what the domain decides; the other parts hold what the worker itself calls (WorkerCalls), how its demand becomes
/// leases (Leasing), and who is told what (Announcing).
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
    private readonly LeaseReturns returns = new();
    private readonly int bucket;
    private DueTimer due = null!;
    private long entryTaken;
    private DateTimeOffset seenToldAt;
    private int? heldTold;
    private DateTimeOffset? resendAt;
    private bool waitsToPassivate;

    /// <summary>Made by <see cref="Props"/>.</summary>
    public WorkerReliabilityActor(WorkerId worker, FailoverSettings settings, IFailoverRegions regions, IOutageWatch outages, OwnerHealth health, IHistoryEraser eraser)
        : base(
            PersistenceIds.Worker(worker),
            WorkerState.Unknown(worker),
            SnapshotPolicy.OfSmall(settings.Storage))
    {
        this.settings = settings;
        this.regions = regions;
        this.health = health;
        this.eraser = eraser;
        pulse = new WorkerPulse(settings.Workers, outages, Now);
        held = new HeldLeasesView(settings.Partitions.Queues);
        demand = new LeaseDemand(settings.Partitions.Queues, settings.Queues.ResendAfter, settings.Workers);
        fences = new FenceOutbox(settings.Partitions.Queues);
        degraded = new DegradedWatch(settings.Workers, Now);
        bucket = Partition.Of(worker, settings.Partitions.DirectoryBuckets);
    }

    /// <summary>
    /// How to start the entity of a worker; <paramref name="health"/> says which queue partitions this node takes to be down, and
    /// <paramref name="eraser"/> removes what is stored of a worker that is forgotten.
    /// </summary>
    public static Props Props(
        WorkerId worker, FailoverSettings settings, IFailoverRegions regions, IOutageWatch outages, OwnerHealth health, IHistoryEraser eraser) =>
        Akka.Actor.Props.Create(() => new WorkerReliabilityActor(worker, settings, regions, outages, health, eraser));

    /// <inheritdoc />
    protected override WorkerState Apply(WorkerState state, IStoredEvent @event) => state.Apply(@event);

    /// <inheritdoc />
    protected override IEnumerable<IStoredState> ToSnapshot(WorkerState state) => [WorkerSnapshots.ToSnapshot(state)];

    /// <inheritdoc />
    protected override WorkerState FromSnapshot(IReadOnlyList<IStoredState> parts) => WorkerSnapshots.FromSnapshot((WorkerSnapshot)parts[0]);

    /// <inheritdoc />
    protected override bool IsDatedAfter(WorkerState state, DateTimeOffset now) => WorkerClockCorrection.IsNeeded(state, now);

    /// <inheritdoc />
    protected override void Recovered()
    {
        due = new DueTimer(Timers, static () => Now);
        seenToldAt = Now - settings.Workers.SeenInterval;
        if (State.Registration is { } registration)
        {
            pulse.Registered(registration.HeartbeatIntervalSeconds, newInstance: true);
            AskWhatIsHeld();
        }

        SendOwed(State);
        Settle();
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        if (isErasing)
        {
            if (message is Erased erased)
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

        switch (message)
        {
            case Heartbeat heartbeat:
                if (OnHeartbeat(heartbeat))
                {
                    return;
                }

                break;
            case DueTimer.Due:
                due.Fired();
                OnDue();
                break;
            case ReceiveTimeout:
                PassivateWhenIdle();
                return;
            case WorkerEntryTaken taken:
                entryTaken = Math.Max(entryTaken, taken.Revision);
                break;
            case FenceTaken taken:
                OnFenceTaken(taken);
                break;
            case WakeWorker:
                break;
            default:
                if (!HandleWorkerCall(message) && !HandleLeasing(message) && !HandleAccounting(message) && !HandleOperator(message)
                    && !HandleForgetting(message))
                {
                    Unhandled(message);
                }

                break;
        }

        Settle();
    }

    private bool HandleAccounting(object message)
    {
        switch (message)
        {
            case TakeFailure command:
                StoreIfAny(FailureAccounting.Take(State, command, settings.Workers, Now), after => regions.Coordinators.Tell(
                    new FailureTaken
                    {
                        FailureId = command.FailureId,
                        TaskId = command.TaskId,
                        Worker = after.Standing(),
                        Testimony = after.Record.On(command.WorkerId, command.TaskId),
                    },
                    Self));
                return true;
            case AskTestimony question:
                var record = State.Record;
                AfterWrites(() => regions.Coordinators.Tell(
                    new TestimonyGiven { TaskId = question.TaskId, Testimony = record.On(question.WorkerId, question.TaskId) }, Self));
                return true;
            case ExcuseFailures command:
                StoreIfAny(FailureAccounting.Excuse(State, command, settings.Workers), _ => regions.Coordinators.Tell(
                    new FailuresExcused { WorkerId = command.WorkerId, TaskId = command.TaskId, Failures = command.Failures }, Self));
                return true;
            case OpenBreakerByStrategy command:
                StoreIfAny(FailureAccounting.OpenByStrategy(State, command, settings.Workers, Now), _ => regions.Coordinators.Tell(
                    new BreakerOpenedByStrategy { WorkerId = command.WorkerId, TaskId = command.TaskId, FailureId = command.FailureId }, Self));
                return true;
            case LeaseOutcomes batch:
                OnOutcomes(batch);
                return true;
            case RecordSuccesses command:
                Carry(FailureAccounting.Record(State, command, Now));
                return true;
            case SetBreaker command:
                Carry(FailureAccounting.SetBreaker(State, command, Now));
                return true;
            case GetWorkerReliability:
                Answer(State.IsKnown ? State.ShownScore() : WorkerMembership.NotRegistered(State));
                return true;
            default:
                return false;
        }
    }

    private bool HandleOperator(object message)
    {
        switch (message)
        {
            case DrainWorker command:
                Carry(WorkerMembership.Drain(State, command, Now));
                return true;
            case ResumeWorker:
                Carry(WorkerMembership.Resume(State, Now));
                pulse.Heard(Now);
                return true;
            case TakeWorkerOffline command:
                Carry(WorkerMembership.TakeOffline(State, command, held.Shown, NewLoss(), pulse.SilentSince(), Now));
                return true;
            case UnregisterWorker:
                Carry(WorkerMembership.Unregister(State, Now));
                AfterWrites(() => demand.TakeOut(_ => true).ForEach(caller => caller.ReplyTo.Tell(WorkerMembership.NotRegistered(State))));
                return true;
            case GetWorker:
                Answer(State.Registration is { } registration ? Info(registration) : WorkerMembership.NotRegistered(State));
                return true;
            default:
                return false;
        }
    }

    private void OnDue()
    {
        StoreIfAny(FailureAccounting.BreakerDue(State, Now));
        StoreIfAny(WorkerMembership.DrainDue(State, Now));
        JudgeLiveness();
        if (resendAt is { } at && at <= Now)
        {
            resendAt = null;
            var state = State;
            AfterWrites(() => SendOwed(state));
        }
    }

    private void JudgeLiveness()
    {
        if (State is not { IsRegistered: true, Liveness: not Liveness.Offline })
        {
            return;
        }

        var verdict = LivenessRules.Judge(State.Liveness, pulse.Signs(), settings.Workers, Now);
        StoreIfAny(WorkerMembership.Judged(State, verdict, held.Count > 0, NewLoss(), pulse.SilentSince(), Now));
    }

    /// <summary>Stores an event and tells those it concerns once it is durable; <paramref name="callers"/> wait for that, or else the sender.</summary>
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
                Announce(before, @event, after);
                afterwards?.Invoke(after);
            },
            callers);
        if (State.LastFence > before.LastFence)
        {
            demand.BeginAnew();
        }

        if (State.Fences.Length > 0 && State.LastFence > before.LastFence && State.Fences[^1].Kind is FenceKind.Proven or FenceKind.Returned)
        {
            held.Clear();
        }
    }

    private void Carry(Decision<IWireMessage> decision)
    {
        var caller = Sender;
        StoreIfAny(decision.Event, _ => caller.Tell(decision.Reply));
    }

    private void Answer(IWireMessage reply)
    {
        var caller = Sender;
        AfterWrites(() => caller.Tell(reply));
    }

    /// <summary>After whatever happened: give waiting calls what they can have, and arm the timer for what comes next.</summary>
    private void Settle()
    {
        PumpDemand();
        TellHeld();
        var owes = !State.Fences.IsEmpty || State.Revision > entryTaken || held.Awaited.Count > 0 || returns.Any;
        resendAt = owes ? resendAt ?? Now + settings.Queues.ResendAfter : null;
        due.ArmAt(resendAt);
        due.ArmAt(demand.DueAt(Now));
        due.ArmAt(State.Breaker.Until);
        if (State.IsRegistered)
        {
            due.ArmAt(State.Drain is { DeadlinePassed: false } drain ? drain.Deadline : null);
            if (State.Liveness != Liveness.Offline)
            {
                due.ArmAt(LivenessRules.Judge(State.Liveness, pulse.Signs(), settings.Workers, Now).LookAgainAt);
            }
        }

        // One that is offline needs no watching either: whatever is heard of it starts its entity.
        var isGone = !State.IsRegistered || (State.Liveness == Liveness.Offline && State.Drain is null or { DeadlinePassed: true } or { Deadline: null });
        WaitToPassivate(isGone && !owes && !demand.AnyWaiting && State.Breaker.Until is null);
    }

    /// <summary>
    /// Lists show what a worker holds by what the directory was last told. A worker that beats has it told often enough; of any other it is
    /// told when the number changes.
    /// </summary>
    private void TellHeld()
    {
        if (!held.IsKnown || heldTold == held.Count || !State.IsRegistered)
        {
            return;
        }

        TellSeen(State.Liveness == Liveness.Alive ? settings.Workers.SeenInterval : TimeSpan.Zero);
        due.ArmAt(heldTold == held.Count ? null : seenToldAt + settings.Workers.SeenInterval);
    }

    /// <summary>An entity with nothing due ends after a while; a registered one stays, since its absence must be noticed.</summary>
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

    private WorkerInfo Info(WorkerRegistration registration) => new()
    {
        Registration = registration,
        Status = State.Status == WorkerStatus.Online && held.Count >= registration.MaxConcurrentTasks ? WorkerStatus.Busy : State.Status,
        Metrics = pulse.Metrics,
        LastHeartbeat = pulse.HeardAt,
        RegisteredAt = State.RegisteredAt,
        Version = State.Revision,
        Liveness = State.Liveness,
        Draining = State.IsDraining,
        BreakerState = State.Breaker.State,
        Degraded = degraded.Reason(held, Now),
        ClockSkewSeconds = pulse.ClockSkewSeconds,
        HeldLeases = held.Count,
    };

    /// <summary>Drawn here, so that it stands in the event.</summary>
    private static LossId NewLoss() => new(Guid.NewGuid().ToString("N"));
}
