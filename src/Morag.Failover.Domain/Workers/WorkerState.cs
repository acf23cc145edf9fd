using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// The durable state of one worker: its registration, liveness, breaker, score and unacknowledged fences. Heartbeats, sessions and held
/// leases are not stored; they are collected again after a restart.
/// </summary>
public sealed record WorkerState
{
    /// <summary>The number of failures whose strategy opened the breaker that are remembered to recognise duplicates.</summary>
    public const int StrategyFailuresRemembered = 64;

    /// <summary>The state of an unknown worker.</summary>
    public static WorkerState Unknown(WorkerId worker) => new() { WorkerId = worker };

    /// <summary>The worker.</summary>
    public required WorkerId WorkerId { get; init; }

    /// <summary>Its registration; null while it is not registered.</summary>
    public WorkerRegistration? Registration { get; init; }

    /// <summary>When it first registered.</summary>
    public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Whether it has unregistered.</summary>
    public bool Unregistered { get; init; }

    /// <summary>Its liveness.</summary>
    public Liveness Liveness { get; init; }

    /// <summary>Why it is offline.</summary>
    public OfflineCause OfflineCause { get; init; }

    /// <summary>The loss that made it offline.</summary>
    public LossId? LossId { get; init; }

    /// <summary>Whom that loss counts against.</summary>
    public LossBlame LossBlame { get; init; }

    /// <summary>The status that it last reported: online, error, maintenance or offline. Busy is stored as online.</summary>
    public WorkerStatus ReportedStatus { get; init; }

    /// <summary>The drain that an operator started.</summary>
    public WorkerDrain? Drain { get; init; }

    /// <summary>When it was last lost, unplanned, while it held leases.</summary>
    public DateTimeOffset? LostAt { get; init; }

    /// <summary>Since when it has been offline, unregistered, or known only by reports; null otherwise.</summary>
    public DateTimeOffset? GoneSince { get; init; }

    /// <summary>Grows with each change of its directory entry; 0 if nothing is known of it.</summary>
    public long Revision { get; init; }

    /// <summary>The number of the last fence.</summary>
    public long LastFence { get; init; }

    /// <summary>The fences that not every partition has acknowledged yet, in order.</summary>
    public ImmutableArray<OwedFence> Fences { get; init; } = [];

    /// <summary>The breaker.</summary>
    public WorkerBreaker Breaker { get; init; } = WorkerBreaker.Closed;

    /// <summary>Failures whose strategy opened the breaker, oldest first.</summary>
    public ImmutableArray<FailureId> StrategyFailures { get; init; } = [];

    /// <summary>The score.</summary>
    public ReliabilityScore Score { get; init; } = ReliabilityScore.Empty;

    /// <summary>Its recent outcomes.</summary>
    public WorkRecord Record { get; init; } = WorkRecord.Empty;

    /// <summary>The number of the last counted batch of outcomes, by partition.</summary>
    public ImmutableSortedDictionary<int, long> CountedBatches { get; init; } = ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>What operators did with it, until a coordinator has recorded it.</summary>
    public AuditOutbox Audit { get; init; } = AuditOutbox.Empty;

    /// <summary>Whether it is registered.</summary>
    public bool IsRegistered => Registration is not null;

    /// <summary>Whether it is known, by a registration or a report.</summary>
    public bool IsKnown => Revision > 0;

    /// <summary>Whether it gets no new tasks because an operator drains it or it reported maintenance.</summary>
    public bool IsDraining => Drain is not null || ReportedStatus == WorkerStatus.Maintenance;

    /// <summary>Its status. Busy is derived from online and the held leases where it is displayed.</summary>
    public WorkerStatus Status => Liveness == Liveness.Offline ? WorkerStatus.Offline
        : ReportedStatus == WorkerStatus.Error ? WorkerStatus.Error
        : IsDraining ? WorkerStatus.Maintenance
        : WorkerStatus.Online;

    /// <summary>The score for display.</summary>
    public WorkerReliabilityScore ShownScore() => Score.Shown(WorkerId, Breaker);

    /// <summary>The facts for the failover policy.</summary>
    public WorkerStanding Standing() => new()
    {
        Score = ShownScore(),
        Registered = IsRegistered,
        Unregistered = Unregistered,
        Liveness = Liveness,
        Draining = IsDraining,
        Profile = Registration is { } registration ? Eligibility.ProfileOf(registration) : null,
    };

    /// <summary>The entry for the directory.</summary>
    public WorkerEntry Entry() => new()
    {
        Revision = Revision,
        Registration = Registration,
        WorkerId = WorkerId,
        Liveness = Liveness,
        Status = Status,
        Draining = IsDraining,
        BreakerState = Breaker.State,
        RegisteredAt = RegisteredAt,
        HasReliabilityData = Score.Total > 0,
        Unregistered = Unregistered,
        LostAt = LostAt,
        GoneSince = GoneSince,
        OfflineCause = OfflineCause == OfflineCause.None ? null : OfflineCause,
    };

    /// <summary>Applies an event.</summary>
    public WorkerState Apply(IStoredEvent @event)
    {
        var after = Changed(@event);
        var goneSince = after.IsRegistered && after.Liveness != Liveness.Offline ? null
            : after.IsRegistered ? after.GoneSince ?? WentAt(@event)
            : LastSign(after.GoneSince, WentAt(@event));
        after = goneSince == after.GoneSince ? after : after with { GoneSince = goneSince };
        after = @event is IAudited { Audit: not null } ? after with { Audit = after.Audit.After(@event, AuditOutbox.MostOfWorker) } : after;

        // A registration always counts as a change. Its lists compare by reference, so replay and the live entity would count differently.
        return @event is WorkerRegistered || after.Entry() != Entry() ? after with { Revision = Revision + 1 } : after;
    }

    // For an unregistered worker, reports are the only sign of it.
    private static DateTimeOffset? LastSign(DateTimeOffset? goneSince, DateTimeOffset? at) => goneSince > at ? goneSince : at ?? goneSince;

    private WorkerState WithoutRegistration() => this with
    {
        Registration = null,
        Unregistered = true,
        Liveness = Liveness.Offline,
        OfflineCause = OfflineCause.None,
        LossId = null,
        LossBlame = LossBlame.Worker,
        ReportedStatus = WorkerStatus.Online,
    };

    private WorkerState Changed(IStoredEvent @event) => @event switch
    {
        WorkerRegistered registered => WithFence(registered.Fence) with
        {
            Registration = registered.Registration,
            RegisteredAt = IsRegistered ? RegisteredAt : registered.At,
            Unregistered = false,
            Liveness = Liveness.Alive,
            OfflineCause = OfflineCause.None,
            LossId = null,
            LossBlame = LossBlame.Worker,
            ReportedStatus = ReportedStatus == WorkerStatus.Offline || registered.Registration.InstanceId != Registration?.InstanceId
                ? WorkerStatus.Online
                : ReportedStatus,
            LostAt = registered.LostWork ? registered.At : LostAt,
        },
        WorkerSuspected => this with { Liveness = Liveness.Suspect },
        WorkerRecovered heard => WithFence(heard.Fence).Back(),
        WorkerLost lost => WithFence(lost.Fence).Offline(OfflineCause.Missing, lost.Fence, lost.LostWork, lost.At),
        WorkerDeclaredOffline offline =>
            WithFence(offline.Fence).Offline(OfflineCause.Operator, offline.Fence, offline.LostWork, offline.At),
        WorkerStatusReported said => WithFence(said.Fence).WithReportedStatus(said.Status),
        WorkerDrained drained =>
            this with { Drain = new WorkerDrain { Reason = drained.Reason, Deadline = drained.Deadline, Within = drained.Within } },
        WorkerDrainDeadlinePassed passed =>
            WithFence(passed.Fence) with { Drain = Drain is { } drain ? drain with { DeadlinePassed = true } : null },
        WorkerResumed resumed =>
            (OfflineCause == OfflineCause.Operator ? WithFence(resumed.Fence).Back() : WithFence(resumed.Fence)) with { Drain = null },
        WorkerUnregistered left => WithFence(left.Fence).WithoutRegistration(),
        WorkerFencesAcknowledged taken => this with { Fences = Fences.RemoveAll(fence => fence.Number <= taken.UpTo) },
        WorkerFailureRecorded failure => this with
        {
            Score = Score.WithFailure(failure.FailureId, failure.LossId, failure.OccurredAt, failure.Counts),
            Breaker = failure.Breaker ?? Breaker,
            Record = failure.Outcome is { } outcome ? Record.With(outcome) : Record,
        },
        WorkerFailuresExcused excused => this with
        {
            Score = Score.Excuse(excused.Failures),
            Breaker = excused.Breaker ?? Breaker,
            Record = Record.Excuse(excused.Failures),
        },
        WorkerOutcomesCounted counted => this with
        {
            Score = Score.WithSuccesses(counted.Successes, counted.Duration),
            Breaker = counted.Breaker ?? Breaker,
            CountedBatches = CountedBatches.SetItem(counted.Partition, counted.Number),
            Record = counted.Outcomes.Aggregate(Record, (record, outcome) => record.With(outcome)),
        },
        WorkerSuccessesReported reported => this with
        {
            Score = reported.Names.Aggregate(
                Score.WithSuccesses(reported.Successes, reported.Duration), (score, name) => score.Remember(new(name))),
            Breaker = reported.Breaker ?? Breaker,
            Record = Record.With(new WorkOutcome { Count = reported.Successes }),
        },
        WorkerBreakerChanged moved => this with
        {
            Breaker = moved.Breaker,
            Score = moved.ClearsConsecutive ? Score.Cleared() : Score,
            StrategyFailures = moved.StrategyFailure is { } failure ? RememberingStrategy(failure) : StrategyFailures,
        },
        WorkerAuditDelivered delivered => this with { Audit = Audit.Without(delivered.UpTo) },
        ClockSetBack setBack => WorkerClockCorrection.Corrected(this, setBack.At),
        _ => throw new InvalidOperationException($"{@event.GetType()} is not an event of a worker"),
    };

    /// <summary>When an event made the worker offline, unregistered or known; null for other events.</summary>
    private static DateTimeOffset? WentAt(IStoredEvent @event) => @event switch
    {
        WorkerLost lost => lost.At,
        WorkerDeclaredOffline offline => offline.At,
        WorkerStatusReported said => said.At,
        WorkerUnregistered left => left.At,
        WorkerFailureRecorded failure => failure.OccurredAt,
        WorkerSuccessesReported reported => reported.At,
        WorkerBreakerChanged moved => moved.At,
        _ => null,
    };

    private WorkerState Back() => this with
    {
        Liveness = Liveness.Alive,
        OfflineCause = OfflineCause.None,
        LossId = null,
        LossBlame = LossBlame.Worker,
    };

    private WorkerState Offline(OfflineCause cause, OwedFence fence, bool lostWork, DateTimeOffset at) => this with
    {
        Liveness = Liveness.Offline,
        OfflineCause = cause,
        LossId = fence.LossId,
        LossBlame = fence.Blame,
        LostAt = lostWork ? at : LostAt,
    };

    private WorkerState WithReportedStatus(WorkerStatus status)
    {
        var saying = this with { ReportedStatus = status };
        return (status, OfflineCause) switch
        {
            (_, OfflineCause.Operator) => saying,
            (WorkerStatus.Offline, _) => saying with
            {
                Liveness = Liveness.Offline,
                OfflineCause = OfflineCause.Self,
                LossId = null,
                LossBlame = LossBlame.Worker,
            },
            (_, OfflineCause.Self) => saying.Back(),
            _ => saying,
        };
    }

    /// <summary>
    /// Adds a fence. A lifted fence replaces the loss that it lifts, so a partition that has not received the loss never does.
    /// </summary>
    private WorkerState WithFence(OwedFence? fence) => fence is null ? this : this with
    {
        LastFence = fence.Number,
        Fences = (fence.Kind == FenceKind.Lifted
            ? Fences.RemoveAll(owed => owed.Kind == FenceKind.Lost && owed.InstanceId == fence.InstanceId)
            : Fences).Add(fence),
    };

    private ImmutableArray<FailureId> RememberingStrategy(FailureId failure) =>
        (StrategyFailures.Length < StrategyFailuresRemembered ? StrategyFailures : StrategyFailures.RemoveAt(0)).Add(failure);
}
