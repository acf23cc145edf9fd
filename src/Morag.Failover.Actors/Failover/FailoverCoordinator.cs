using System.Globalization;
using Morag.Failover.Actors.Delivery;
using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <summary>
/// Decides each failure of its share of the tasks once, and makes sure that the decision is carried out: it resends the order to the queue
/// and to the workers' entities until they acknowledge it. See "One failure" in docs/architecture.md.
/// </summary>
public sealed partial class FailoverCoordinator : EventSourcedActor<CoordinatorState>
{
    /// <summary>How long a reporter waits for a decision before it is told to ask again. The decision is made all the same.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HousekeepingInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestAwait = TimeSpan.FromSeconds(30);

    private static readonly Refused AskAgain =
        Refused.Unavailable("the decision is not made yet. Send the same report again; it counts as the same failure");

    private static readonly Refused BadPageSize = Refused.Invalid("limit", $"must be 1 to {CallLimits.MaxPage}");

    private readonly FailoverSettings settings;
    private readonly IFailoverRegions regions;
    private readonly FleetViewPoller fleet;
    private readonly Random chance = Chance.Of(Context.System);
    private readonly WaitingCallers<FailureId> reporters = new();
    private readonly WaitingCallers<(TaskId, LeaseEpoch)> decisionWaiters = new();
    private readonly ResendSchedule<FailureId> unansweredFailures;
    private readonly ResendSchedule<FailureId> unansweredActions;
    private OpenFailures open = OpenFailures.None;

    public FailoverCoordinator(int partition, FailoverSettings settings, IFailoverRegions regions)
        : base(
            PersistenceIds.Coordinator(partition),
            CoordinatorState.Empty,
            SnapshotPolicy.OfLarge(settings.Storage))
    {
        this.settings = settings;
        this.regions = regions;
        fleet = new FleetViewPoller(Timers, Self, regions.Directory, settings.Partitions.DirectoryBuckets);
        unansweredFailures = new ResendSchedule<FailureId>(settings.Queues.ResendAfter);
        unansweredActions = new ResendSchedule<FailureId>(settings.Queues.ResendAfter);
    }

    /// <summary>The coordinator of one partition of the task ids.</summary>
    public static Props Props(int partition, FailoverSettings settings, IFailoverRegions regions) =>
        Akka.Actor.Props.Create(() => new FailoverCoordinator(partition, settings, regions));

    /// <inheritdoc />
    protected override CoordinatorState Apply(CoordinatorState state, IStoredEvent @event) => state.Apply(@event);

    /// <inheritdoc />
    protected override IEnumerable<IStoredState> ToSnapshot(CoordinatorState state) => state.ToParts(settings.Storage.SnapshotPartBytes);

    /// <inheritdoc />
    protected override CoordinatorState FromSnapshot(IReadOnlyList<IStoredState> parts) =>
        CoordinatorState.FromParts([.. parts.Cast<CoordinatorSnapshot>()]);

    /// <inheritdoc />
    protected override StoredSize SizeOf(CoordinatorState state) =>
        new(state.Count + state.Audit.Entries.Count, state.Bytes + state.Audit.Bytes);

    /// <inheritdoc />
    protected override bool IsDatedAfter(CoordinatorState state, DateTimeOffset now) => state.IsDatedAfter(now);

    /// <inheritdoc />
    protected override void Recovered()
    {
        fleet.Start();
        foreach (var owed in State.Owed)
        {
            unansweredActions.MarkOverdue(owed);
        }

        CheckSoon();
        reviews.Start(State.Parking.Select(failure => failure.Id).Where(State.IsUnderReview), Now);
        ReviewSoon();
        Timers.StartPeriodicTimer(nameof(Housekeeping), Housekeeping.Instance, HousekeepingInterval);
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        if (!TryHandleFailure(message)
            && !TryHandleOutcome(message)
            && !TryAnswer(message)
            && !TryHandleTimer(message)
            && !fleet.TryHandle(message))
        {
            Unhandled(message);
        }
    }

    /// <summary>Failures, on the way to a decision.</summary>
    private bool TryHandleFailure(object message)
    {
        switch (message)
        {
            case ReportFailure report:
                OnReport(report);
                return true;
            case EndLeaseReply reply:
                OnLeaseEnded(reply);
                return true;
            case DecideFailure decide:
                OnLeaseFailed(decide.Failure);
                return true;
            case FailureRecorded taken:
                OnFailureCounted(taken);
                return true;
            case TestimonyReply given:
                OnTestimony(given);
                return true;
            default:
                return false;
        }
    }

    /// <summary>What became of decisions and of the tasks that they were about.</summary>
    private bool TryHandleOutcome(object message)
    {
        switch (message)
        {
            case ReassignOutcome outcome:
                OnReassigned(outcome);
                return true;
            case UnparkOutcome outcome:
                PersistAndPublish(FailureDecisions.OnUnparked(State, outcome, Now));
                return true;
            case BreakerOpenedByStrategy opened:
                PersistIfAny(FailureDecisions.OnBreakerOpened(State, opened));
                return true;
            case FailuresExcused excused:
                foreach (var taken in FailureDecisions.OnExcused(State, excused))
                {
                    Commit(taken);
                }

                return true;
            case TaskMovedOn progressed:
                PersistIfAny(State.OnTaskMovedOn(progressed));
                return true;
            case ParkState answer:
                PersistIfAny(State.OnParkState(answer));
                return true;
            default:
                return false;
        }
    }

    /// <summary>Questions.</summary>
    private bool TryAnswer(object message)
    {
        switch (message)
        {
            case AwaitDecision await:
                AnswerOrWait(await);
                return true;
            case ForeseeDecision question:
                OnForesee(question);
                return true;
            case FailureDescribed described:
                OnDescribed(described);
                return true;
            case GetTaskDecisions get:
                Answer(State.DecisionsOf(get.TaskId));
                return true;
            case ListFailures list:
                Answer(IsPageSize(list.Limit) ? State.List(list) : BadPageSize);
                return true;
            case ListStaleReports list:
                Answer(IsPageSize(list.Limit) ? State.List(list) : BadPageSize);
                return true;
            case ListAudit list:
                Answer(IsPageSize(list.Limit) ? State.Audit.List(list) : BadPageSize);
                return true;
            case RecordAudit record:
                PersistAndReply(new(State.Decide(record), new AuditRecorded { UpTo = record.UpTo }), Sender);
                return true;
            case GetFailureStatistics:
                Answer(State.Tally.At(Now));
                return true;
            default:
                return false;
        }
    }

    private bool TryHandleTimer(object message)
    {
        switch (message)
        {
            case CheckOpen:
                CheckWhatIsOpen();
                return true;
            case Review:
                ReviewWhatIsDue();
                return true;
            case Housekeeping:
                ForgetWhatIsDue();
                AskAboutOldParkedTasks();
                return true;
            default:
                return false;
        }
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var (_, reporter) in reportsAtQueue.Values)
        {
            reporter.Caller.Tell(AskAgain);
        }

        foreach (var foresight in foresights.Values)
        {
            foresight.Caller.Caller.Tell(NoForesight);
        }

        reporters.Expire(DateTimeOffset.MaxValue, AskAgain);
        decisionWaiters.Expire(DateTimeOffset.MaxValue, AskAgain);
        base.PostStop();
    }

    private static bool IsPageSize(int limit) => limit is >= 1 and <= CallLimits.MaxPage;

    private void Answer(IWireMessage answer)
    {
        var asker = Sender;
        AfterWrites(() => asker.Tell(answer));
    }

    private void AnswerOrWait(AwaitDecision await)
    {
        if (State.OfLease(await.TaskId, await.Epoch) is { } known)
        {
            Answer(known.Decision);
            return;
        }

        var wait = await.Wait < LongestAwait ? await.Wait : LongestAwait;
        decisionWaiters.Add((await.TaskId, await.Epoch), new WaitingCaller(Sender, Now + wait));
        CheckSoon();
    }

    private void PersistAndReply(Decision<IWireMessage> decision, IActorRef caller)
    {
        if (decision.Event is { } @event)
        {
            Commit(@event, _ => caller.Tell(decision.Reply), [caller]);
        }
        else
        {
            AfterWrites(() => caller.Tell(decision.Reply), caller);
        }
    }

    private void PersistIfAny(IStoredEvent? @event)
    {
        if (@event is not null)
        {
            Commit(@event);
        }
    }

    // --- Waits that end, and messages that are resent.

    private void CheckSoon()
    {
        if (!Timers.IsTimerActive(nameof(CheckOpen)))
        {
            Timers.StartSingleTimer(nameof(CheckOpen), CheckOpen.Instance, CheckInterval);
        }
    }

    private void CheckWhatIsOpen()
    {
        var now = Now;
        ExpireReportsAtQueue(now);
        reporters.Expire(now, AskAgain);
        decisionWaiters.Expire(now, AskAgain);
        ExpireForesights(now);
        foreach (var failure in open.Overdue(now))
        {
            Decide(failure);
        }

        unansweredFailures.ResendDue(now, failure => ResendMetrics.Count(ResendMetrics.FailureRecord, AskWorkerToCount(failure)));
        unansweredActions.ResendDue(now, failure => ResendMetrics.Count(ResendMetrics.Decision, SendOwed(failure)));
        if (reportsAtQueue.Count > 0
            || open.Count > 0
            || foresights.Count > 0
            || !decisionWaiters.IsEmpty
            || !unansweredFailures.IsEmpty
            || !unansweredActions.IsEmpty)
        {
            CheckSoon();
        }
    }

    private void ForgetWhatIsDue()
    {
        PersistIfAny(State.ToForget(Now, settings.Policy));
        PersistIfAny(State.AuditToForget(settings.Audit, Now));
    }

    private sealed class CheckOpen : INoSerializationVerificationNeeded
    {
        public static readonly CheckOpen Instance = new();
    }

    private sealed class Housekeeping : INoSerializationVerificationNeeded
    {
        public static readonly Housekeeping Instance = new();
    }
}
