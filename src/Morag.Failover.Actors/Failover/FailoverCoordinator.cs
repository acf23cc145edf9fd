using System.Globalization;
using Morag.Failover.Actors.Delivery;
using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Failover;

/// <summary>
/// Decides the failures of its share of the tasks, once each, and sees to it that each decision is carried out: it owes the queue
/// the reassignment, and the workers' entities their part, until they answer. See DESIGN.md, "One failure, step by step".
/// </summary>
public sealed partial class FailoverCoordinator : EventSourcedActor<CoordinatorState>
{
    /// <summary>How long a reporter waits for a decision before it is told to ask again; the decision itself goes on.</summary>
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan HousekeepingInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestAwait = TimeSpan.FromSeconds(30);

    private static readonly Refused AskAgain = Refused.Unavailable("the decision is still under way: ask again, the same report is the same failure");

    private readonly FailoverSettings settings;
    private readonly IFailoverRegions regions;
    private readonly FleetViewPoller fleet;
    private readonly Dictionary<long, (ReportFailure Report, WaitingCaller Reporter)> reportsAtQueue = [];
    private readonly Dictionary<FailureId, PendingFailure> pending = [];
    private readonly DecisionWaiters waiters = new();
    private readonly ResendSchedule<FailureId> unansweredFailures;
    private readonly ResendSchedule<FailureId> unansweredActions;
    private long lastReportNumber;

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
    protected override StoredSize SizeOf(CoordinatorState state) => new(state.Count, state.Bytes);

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

        LookAgainSoon();
        reviews.Begin(State.Parking.Select(failure => failure.Id).Where(State.IsUnderReview), Now);
        ReviewAgainSoon();
        Timers.StartPeriodicTimer(nameof(Housekeeping), Housekeeping.Instance, HousekeepingInterval);
    }

    /// <inheritdoc />
    protected override void Handle(object message)
    {
        switch (message)
        {
            case ReportFailure report:
                Take(report);
                break;
            case EndLeaseReply reply:
                Take(reply);
                break;
            case DecideFailure decide:
                Take(decide.Failure);
                break;
            case FailureTaken taken:
                Take(taken);
                break;
            case TestimonyGiven given:
                Take(given);
                break;
            case UnparkOutcome outcome:
                Take(outcome);
                break;
            case TaskWentOn wentOn:
                Store(State.Learn(wentOn));
                break;
            case ParkedAnswer answer:
                Store(State.Learn(answer));
                break;
            case ReassignOutcome outcome:
                Take(outcome);
                break;
            case BreakerOpenedByStrategy opened:
                Take(opened);
                break;
            case FailuresExcused excused:
                Take(excused);
                break;
            case AwaitDecision await:
                Answer(await);
                break;
            case GetTaskDecisions get:
                Answer(State.DecisionsOf(get.TaskId));
                break;
            case ListFailures list:
                Answer(list.Limit is >= 1 and <= CallLimits.MaxPage ? State.List(list) : Refused.Invalid("limit", $"must be 1 to {CallLimits.MaxPage}"));
                break;
            case ListStaleReports list:
                Answer(list.Limit is >= 1 and <= 1_000 ? State.List(list) : Refused.Invalid("limit", "must be 1 to 1000"));
                break;
            case GetFailureStatistics:
                Answer(State.Tally.At(Now));
                break;
            case Look:
                LookAfterWhatIsUnderWay();
                break;
            case Review:
                ReviewWhatIsDue();
                break;
            case Housekeeping:
                ForgetWhatIsDue();
                AskAboutOldParkedTasks();
                break;
            default:
                if (!fleet.TryHandle(message))
                {
                    Unhandled(message);
                }

                break;
        }
    }

    /// <inheritdoc />
    protected override void PostStop()
    {
        foreach (var caller in reportsAtQueue.Values.Select(report => report.Reporter).Concat(pending.Values.SelectMany(failure => failure.Callers)))
        {
            caller.Caller.Tell(AskAgain);
        }

        waiters.Expire(DateTimeOffset.MaxValue, AskAgain);
        base.PostStop();
    }

    // --- A report comes in, and the queue says what it is about.

    private void Take(ReportFailure report)
    {
        if (ReportRules.Broken(report) is { } broken)
        {
            Sender.Tell(broken);
            return;
        }

        var reporter = new WaitingCaller(Sender, Now + AnswerWithin);
        if (KnownByName(report) is { } known)
        {
            Attach(known, report.EventId, reporter);
        }
        else if (reportsAtQueue.Count + pending.Count >= settings.Policy.MaxUnderWay)
        {
            Sender.Tell(Refused.LimitReached(string.Create(
                CultureInfo.InvariantCulture,
                $"{settings.Policy.MaxUnderWay:N0} failures are being decided already. Report this one again in a moment, or raise morag.failover.policy.max-under-way")));
        }
        else
        {
            reportsAtQueue[++lastReportNumber] = (report, reporter);
            regions.Queues.Tell(new EndLease { Report = report, Number = lastReportNumber }, Self);
            LookAgainSoon();
        }
    }

    /// <summary>A name that came before is the same failure, unless the holder of another lease uses it again.</summary>
    private KeptFailure? KnownByName(ReportFailure report) =>
        report.EventId is { } name
        && State.Named(report.TaskId, name) is { } known
        && (report.Epoch is not { } epoch || known.Decision.DecisionMetadata.Epoch == epoch)
            ? known
            : null;

    private void Take(EndLeaseReply reply)
    {
        if (!reportsAtQueue.Remove(reply.Number, out var asked))
        {
            return;
        }

        var (report, reporter) = asked;
        switch (reply.Ending)
        {
            case EndLeaseResult.Ended when reply.Failure is { } lease:
                Begin(PendingFailure.Of(lease), report.EventId, reporter);
                break;
            case EndLeaseResult.EndedBefore when reply.FailureId is { } id && State.Find(id) is { } known:
                Attach(known, report.EventId, reporter);
                break;
            case EndLeaseResult.EndedBefore when reply.FailureId is { } id && pending.TryGetValue(id, out var underWay):
                Join(underWay, report.EventId, reporter);
                break;
            case EndLeaseResult.EndedBefore:
                RecordStale(report, reporter, "its failure was decided long ago, and the decision is no longer kept");
                break;
            case EndLeaseResult.NotHeld when report.Source != ReportSource.LeaseHolder:
                var own = report.EventId is { } name ? FailureIds.OfReport(report.TaskId, name) : FailureIds.New();
                Begin(PendingFailure.Of(own, report, Now), report.EventId, reporter);
                break;
            case EndLeaseResult.NotHeld:
                RecordStale(report, reporter, "no queue here holds the task");
                break;
            default:
                RecordStale(report, reporter, reply.Detail);
                break;
        }
    }

    private void RecordStale(ReportFailure report, WaitingCaller reporter, string detail)
    {
        var stale = new StaleReport
        {
            At = Now,
            FailureType = report.FailureType,
            WorkerId = report.WorkerId,
            Epoch = report.Epoch,
            Detail = detail,
        };
        Commit(
            new StaleReportRecorded { TaskId = report.TaskId, Report = stale },
            _ => reporter.Caller.Tell(new FailureStale { TaskId = report.TaskId, Detail = detail }),
            [reporter.Caller]);
    }

    /// <summary>One more report of a failure that is decided: it is answered with that decision.</summary>
    private void Attach(KeptFailure known, EventId? name, WaitingCaller reporter)
    {
        if (CoordinatorState.IsWorthRecording(known, name))
        {
            Commit(
                new ReportAttached { FailureId = known.Id, Name = CoordinatorState.NewName(known, name) },
                state => reporter.Caller.Tell(state.Find(known.Id)?.Decision ?? known.Decision),
                [reporter.Caller]);
        }
        else
        {
            AfterWrites(() => reporter.Caller.Tell(known.Decision), reporter.Caller);
        }
    }

    // --- A failure is decided, with what its worker is worth after it.

    private void Take(LeaseFailure lease)
    {
        if (State.Find(lease.FailureId) is { } known)
        {
            CarryOutAgain(known, lease.Facts);
        }
        else if (pending.ContainsKey(lease.FailureId) || pending.Count < settings.Policy.MaxUnderWay)
        {
            Begin(PendingFailure.Of(lease));
        }
    }

    private void Begin(PendingFailure failure, EventId? name, WaitingCaller reporter)
    {
        if (State.Find(failure.Id) is { } known)
        {
            Attach(known, name, reporter);
        }
        else if (pending.TryGetValue(failure.Id, out var underWay))
        {
            Join(underWay, name, reporter);
        }
        else
        {
            failure.Take(name);
            failure.Callers.Add(reporter);
            Begin(failure);
        }
    }

    private static void Join(PendingFailure underWay, EventId? name, WaitingCaller reporter)
    {
        underWay.Take(name);
        underWay.Joined++;
        underWay.Callers.Add(reporter);
    }

    private void Begin(PendingFailure failure)
    {
        if (!pending.TryAdd(failure.Id, failure))
        {
            return;
        }

        if (failure.Failure.WorkerId is { } worker)
        {
            regions.Workers.Tell(failure.ToTake(worker), Self);
            unansweredFailures.MarkSent(failure.Id, Now);
            AskWitnesses(failure);
            LookAgainSoon();
        }
        else
        {
            Decide(failure);
        }
    }

    private void Decide(PendingFailure failure)
    {
        var task = failure.Failure.TaskId;
        var verdict = FailoverPolicy.Decide(
            new FailureCase
            {
                FailureId = failure.Id,
                Failure = failure.Failure,
                Epoch = failure.Epoch,
                LossId = failure.LossId,
                Planned = failure.Lease is { Planned: true },
                Unserved = failure.Lease is { Unserved: true },
                Task = failure.Lease is { } lease
                    ? TaskPast.Told(lease.Facts)
                    : TaskPast.Remembered(State.HistoryOf(task), failure.Failure.FailureType, failure.Failure.WorkerId, settings.Policy),
                Worker = failure.Taken?.Worker,
                Testimonies = [.. failure.Testimonies],
                EarlierFailures = State.FailuresOf(task),
                Records = State.Records,
                Fleet = fleet.View,
                JitterDraw = Random.Shared.NextDouble(),
                Now = Now,
            },
            settings);
        var decision = verdict.Decision with
        {
            DecisionMetadata = verdict.Decision.DecisionMetadata with { AttachedReports = failure.Joined },
        };
        pending.Remove(failure.Id);
        StopWaitingForWitnesses(failure);
        List<IActorRef> callers = [.. failure.Callers.Concat(waiters.Take(task, failure.Epoch)).Select(waiting => waiting.Caller)];
        Commit(
            new FailureDecided
            {
                Decision = decision,
                Reassign = verdict.Reassign,
                OpenBreaker = verdict.OpenBreaker,
                Excuses = verdict.Excuses,
                Names = [.. failure.Names],
                ExcludedFromBudgets = verdict.ExcludedFromBudgets,
            },
            _ =>
            {
                callers.ForEach(caller => caller.Tell(decision));
                Context.System.EventStream.Publish(new DecisionMade { Decision = decision });
                CarryOut(failure.Id);
            },
            callers);
        ForgetWhatIsDue();
    }

    // --- What is owed of a decision is sent until it is answered.

    private void CarryOut(FailureId id)
    {
        if (SendOwed(id))
        {
            unansweredActions.MarkSent(id, Now);
            LookAgainSoon();
        }
    }

    /// <summary>The queue still asks about a failure that is decided: it did not get the action, or lost that it carried it out.</summary>
    private void CarryOutAgain(KeptFailure known, TaskFacts facts) => AfterWrites(() =>
    {
        if (known.Decision.DecisionMetadata.Executed)
        {
            regions.Queues.Tell(known.Reassign ?? FailoverPolicy.ReassignFor(known.Decision, known.ExcludedFromBudgets, facts), Self);
        }
    });

    private bool SendOwed(FailureId id)
    {
        if (State.Find(id) is not { IsOwed: true } failure)
        {
            return false;
        }

        if (failure.Reassign is { } reassign)
        {
            regions.Queues.Tell(reassign, Self);
        }

        if (failure.OpenBreaker is { } openBreaker)
        {
            regions.Workers.Tell(openBreaker, Self);
        }

        foreach (var excuse in failure.Excuses)
        {
            regions.Workers.Tell(excuse, Self);
        }

        if (failure.TakenBack is { DecisionMetadata.Outcome: DecisionOutcome.Pending } takenBack)
        {
            regions.Queues.Tell(ParkReview.UnparkFor(takenBack), Self);
        }

        return true;
    }

    private void Take(ReassignOutcome outcome)
    {
        if (State.Find(outcome.FailureId) is not { Reassign: not null } failure)
        {
            return;
        }

        var carriedOut = new DecisionCarriedOut { FailureId = failure.Id, Applied = outcome.Applied, Detail = outcome.Detail, At = Now };
        Commit(carriedOut, _ =>
        {
            PublishResolved(outcome.TaskId, failure.Id, outcome.Applied, outcome.Detail, carriedOut.At);
            ReviewLater(failure.Id);
        });
    }

    private void Take(BreakerOpenedByStrategy opened)
    {
        if (State.Find(opened.FailureId) is { OpenBreaker: not null })
        {
            Commit(new BreakerOpeningTaken { FailureId = opened.FailureId });
        }
    }

    private void Take(FailuresExcused excused)
    {
        foreach (var failure in State.OwingExcuseOf(excused.TaskId, excused.WorkerId))
        {
            Commit(new ExcuseTaken { FailureId = failure.Id, WorkerId = excused.WorkerId });
        }
    }

    // --- Questions, and what time brings.

    private void Answer(IWireMessage answer)
    {
        var asker = Sender;
        AfterWrites(() => asker.Tell(answer));
    }

    private void Answer(AwaitDecision await)
    {
        if (State.OfLease(await.TaskId, await.Epoch) is { } known)
        {
            Answer(known.Decision);
            return;
        }

        var wait = await.Wait < LongestAwait ? await.Wait : LongestAwait;
        waiters.Add(await.TaskId, await.Epoch, new WaitingCaller(Sender, Now + wait));
        LookAgainSoon();
    }

    private void LookAgainSoon()
    {
        if (!Timers.IsTimerActive(nameof(Look)))
        {
            Timers.StartSingleTimer(nameof(Look), Look.Instance, LookInterval);
        }
    }

    private void LookAfterWhatIsUnderWay()
    {
        var now = Now;
        foreach (var (number, (_, reporter)) in reportsAtQueue.Where(report => DecisionWaiters.WaitIsOver(report.Value.Reporter, now, AskAgain)).ToList())
        {
            reportsAtQueue.Remove(number);
        }

        foreach (var failure in pending.Values)
        {
            failure.Callers.RemoveAll(caller => DecisionWaiters.WaitIsOver(caller, now, AskAgain));
        }

        waiters.Expire(now, AskAgain);
        foreach (var failure in pending.Values.Where(failure => failure.Taken is not null && failure.WaitsForRecordsUntil <= now).ToList())
        {
            Decide(failure);
        }

        unansweredFailures.ResendDue(now, TakeAgain);
        unansweredActions.ResendDue(now, SendOwed);
        if (reportsAtQueue.Count > 0 || pending.Count > 0 || !waiters.IsEmpty || !unansweredFailures.IsEmpty || !unansweredActions.IsEmpty)
        {
            LookAgainSoon();
        }
    }

    private bool TakeAgain(FailureId id)
    {
        if (!pending.TryGetValue(id, out var failure) || failure.Taken is not null || failure.Failure.WorkerId is not { } worker)
        {
            return false;
        }

        regions.Workers.Tell(failure.ToTake(worker), Self);
        return true;
    }

    private void ForgetWhatIsDue()
    {
        if (State.ToForget(Now, settings.Policy) is { } forgotten)
        {
            Commit(forgotten);
        }
    }

    private sealed class Look : INoSerializationVerificationNeeded
    {
        public static readonly Look Instance = new();
    }

    private sealed class Housekeeping : INoSerializationVerificationNeeded
    {
        public static readonly Housekeeping Instance = new();
    }
}
