using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// What is durable of one worker: who it is, how alive it was last judged, its breaker and score, and the fences that it owes.
/// Heartbeats, sessions and what it holds are not here: they are learnt anew after a restart.
/// </summary>
public sealed record WorkerState
{
    /// <summary>How many failures whose strategy opened the breaker are known again.</summary>
    public const int StrategyFailuresRemembered = 64;

    /// <summary>Nothing known of the worker.</summary>
    public static WorkerState Unknown(WorkerId worker) => new() { WorkerId = worker };

    /// <summary>The worker.</summary>
    public required WorkerId WorkerId { get; init; }

    /// <summary>What it said of itself; null while it is not registered.</summary>
    public WorkerRegistration? Registration { get; init; }

    /// <summary>When it first registered.</summary>
    public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Whether it left for good.</summary>
    public bool Unregistered { get; init; }

    /// <summary>How alive it was last judged.</summary>
    public Liveness Liveness { get; init; }

    /// <summary>Why it is offline.</summary>
    public OfflineCause OfflineCause { get; init; }

    /// <summary>The loss that it is offline by.</summary>
    public LossId? LossId { get; init; }

    /// <summary>What it last said of itself: online, error, maintenance or offline; busy is not told apart here.</summary>
    public WorkerStatus SaidStatus { get; init; }

    /// <summary>An operator's drain.</summary>
    public WorkerDrain? Drain { get; init; }

    /// <summary>When it was last lost, unplanned, with work in hand.</summary>
    public DateTimeOffset? LostAt { get; init; }

    /// <summary>Since when it is offline, has left, or is only known by reports; null while it may work.</summary>
    public DateTimeOffset? GoneSince { get; init; }

    /// <summary>Grows with each change that the directory shows; 0 while there is nothing to show.</summary>
    public long Revision { get; init; }

    /// <summary>The number of the last fence.</summary>
    public long LastFence { get; init; }

    /// <summary>The fences that not every partition took yet, in order.</summary>
    public ImmutableArray<OwedFence> Fences { get; init; } = [];

    /// <summary>The breaker.</summary>
    public WorkerBreaker Breaker { get; init; } = WorkerBreaker.Closed;

    /// <summary>Failures whose strategy asked for an open breaker, oldest first.</summary>
    public ImmutableArray<FailureId> StrategyFailures { get; init; } = [];

    /// <summary>The score.</summary>
    public ReliabilityScore Score { get; init; } = ReliabilityScore.Empty;

    /// <summary>How it did its work lately.</summary>
    public WorkRecord Record { get; init; } = WorkRecord.Empty;

    /// <summary>The last batch of outcomes taken, by partition.</summary>
    public ImmutableSortedDictionary<int, long> OutcomesTaken { get; init; } = ImmutableSortedDictionary<int, long>.Empty;

    /// <summary>Whether it is registered.</summary>
    public bool IsRegistered => Registration is not null;

    /// <summary>Whether anything is known of it, by registration or by report.</summary>
    public bool IsKnown => Revision > 0;

    /// <summary>Whether it gets no new tasks because an operator or it itself drains it.</summary>
    public bool IsDraining => Drain is not null || SaidStatus == WorkerStatus.Maintenance;

    /// <summary>Its status as the system sees it; busy comes on top of online by what it holds.</summary>
    public WorkerStatus Status => Liveness == Liveness.Offline ? WorkerStatus.Offline
        : SaidStatus == WorkerStatus.Error ? WorkerStatus.Error
        : IsDraining ? WorkerStatus.Maintenance
        : WorkerStatus.Online;

    /// <summary>The score as it is shown.</summary>
    public WorkerReliabilityScore ShownScore() => Score.Shown(WorkerId, Breaker);

    /// <summary>What the failover policy gets to know.</summary>
    public WorkerStanding Standing() => new()
    {
        Score = ShownScore(),
        Registered = IsRegistered,
        Unregistered = Unregistered,
        Liveness = Liveness,
        Draining = IsDraining,
        Profile = Registration is { } registration ? Eligibility.ProfileOf(registration) : null,
    };

    /// <summary>What the directory gets to know.</summary>
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
    };

    /// <summary>The state after an event.</summary>
    public WorkerState Apply(IStoredEvent @event)
    {
        var after = Changed(@event);
        var goneSince = after.IsRegistered && after.Liveness != Liveness.Offline ? null
            : after.IsRegistered ? after.GoneSince ?? WentAt(@event)
            : LastSign(after.GoneSince, WentAt(@event));
        after = goneSince == after.GoneSince ? after : after with { GoneSince = goneSince };

        // A registration is not compared: its lists equal themselves alone, so that a replay would not count as the live entity did.
        return @event is WorkerRegistered || after.Entry() != Entry() ? after with { Revision = Revision + 1 } : after;
    }

    // What is reported of a worker that is not registered is the only sign of it that there is.
    private static DateTimeOffset? LastSign(DateTimeOffset? goneSince, DateTimeOffset? at) => goneSince > at ? goneSince : at ?? goneSince;

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
            SaidStatus = SaidStatus == WorkerStatus.Offline || registered.Registration.InstanceId != Registration?.InstanceId
                ? WorkerStatus.Online
                : SaidStatus,
            LostAt = registered.LostWork ? registered.At : LostAt,
        },
        WorkerSuspected => this with { Liveness = Liveness.Suspect },
        WorkerHeardAgain heard => WithFence(heard.Fence).Back(),
        WorkerLost lost => WithFence(lost.Fence).Offline(OfflineCause.Missing, lost.Fence.LossId, lost.LostWork, lost.At),
        WorkerDeclaredOffline offline => WithFence(offline.Fence).Offline(OfflineCause.Operator, offline.Fence.LossId, offline.LostWork, offline.At),
        WorkerStatusSaid said => WithFence(said.Fence).Saying(said.Status),
        WorkerDrained drained => this with { Drain = new WorkerDrain { Reason = drained.Reason, Deadline = drained.Deadline, Within = drained.Within } },
        WorkerDrainDeadlinePassed passed => WithFence(passed.Fence) with { Drain = Drain is { } drain ? drain with { DeadlinePassed = true } : null },
        WorkerResumed resumed => (OfflineCause == OfflineCause.Operator ? WithFence(resumed.Fence).Back() : WithFence(resumed.Fence)) with { Drain = null },
        WorkerUnregistered left => WithFence(left.Fence) with
        {
            Registration = null,
            Unregistered = true,
            Liveness = Liveness.Offline,
            OfflineCause = OfflineCause.None,
            LossId = null,
            SaidStatus = WorkerStatus.Online,
        },
        WorkerFencesTaken taken => this with { Fences = Fences.RemoveAll(fence => fence.Number <= taken.UpTo) },
        WorkerFailureTaken failure => this with
        {
            Score = Score.WithFailure(failure.FailureId, failure.LossId, failure.OccurredAt, failure.Counts),
            Breaker = failure.Breaker ?? Breaker,
            Record = failure.Outcome is { } outcome ? Record.With(outcome) : Record,
        },
        WorkerFailuresExcused excused => this with
        {
            Score = Score.Excusing(excused.Failures),
            Breaker = excused.Breaker ?? Breaker,
            Record = Record.Excusing(excused.Failures),
        },
        WorkerOutcomesCounted counted => this with
        {
            Score = Score.WithSuccesses(counted.Successes, counted.Duration),
            Breaker = counted.Breaker ?? Breaker,
            OutcomesTaken = OutcomesTaken.SetItem(counted.Partition, counted.Number),
            Record = counted.Outcomes.Aggregate(Record, (record, outcome) => record.With(outcome)),
        },
        WorkerSuccessesReported reported => this with
        {
            Score = Score.WithSuccesses(reported.Successes, reported.Duration) with { RecentSuccesses = Remembering(reported.Names) },
            Breaker = reported.Breaker ?? Breaker,
            Record = Record.With(new WorkOutcome { Count = reported.Successes }),
        },
        WorkerBreakerMoved moved => this with
        {
            Breaker = moved.Breaker,
            Score = moved.ClearsConsecutive ? Score.Cleared() : Score,
            StrategyFailures = moved.StrategyFailure is { } failure ? RememberingStrategy(failure) : StrategyFailures,
        },
        ClockSetBack setBack => WorkerClockCorrection.Corrected(this, setBack.At),
        _ => throw new InvalidOperationException($"{@event.GetType()} is no event of a worker"),
    };

    /// <summary>When a worker went with an event, or was first reported; null for events that say no time.</summary>
    private static DateTimeOffset? WentAt(IStoredEvent @event) => @event switch
    {
        WorkerLost lost => lost.At,
        WorkerDeclaredOffline offline => offline.At,
        WorkerStatusSaid said => said.At,
        WorkerUnregistered left => left.At,
        WorkerFailureTaken failure => failure.OccurredAt,
        WorkerSuccessesReported reported => reported.At,
        WorkerBreakerMoved moved => moved.At,
        _ => null,
    };

    private WorkerState Back() => this with { Liveness = Liveness.Alive, OfflineCause = OfflineCause.None, LossId = null };

    private WorkerState Offline(OfflineCause cause, LossId? loss, bool lostWork, DateTimeOffset at) => this with
    {
        Liveness = Liveness.Offline,
        OfflineCause = cause,
        LossId = loss,
        LostAt = lostWork ? at : LostAt,
    };

    private WorkerState Saying(WorkerStatus status)
    {
        var saying = this with { SaidStatus = status };
        return (status, OfflineCause) switch
        {
            (_, OfflineCause.Operator) => saying,
            (WorkerStatus.Offline, _) => saying with { Liveness = Liveness.Offline, OfflineCause = OfflineCause.Self, LossId = null },
            (_, OfflineCause.Self) => saying.Back(),
            _ => saying,
        };
    }

    /// <summary>A lifted fence takes the place of the loss that it lifts: who has not heard of that loss need not.</summary>
    private WorkerState WithFence(OwedFence? fence) => fence is null ? this : this with
    {
        LastFence = fence.Number,
        Fences = (fence.Kind == FenceKind.Lifted
            ? Fences.RemoveAll(owed => owed.Kind == FenceKind.Lost && owed.InstanceId == fence.InstanceId)
            : Fences).Add(fence),
    };

    private RememberedIds<string, bool> Remembering(ImmutableArray<string> names)
    {
        var remembered = Score.RecentSuccesses;
        foreach (var name in names)
        {
            remembered = remembered.Add(name, true);
        }

        return remembered;
    }

    private ImmutableArray<FailureId> RememberingStrategy(FailureId failure) =>
        (StrategyFailures.Length < StrategyFailuresRemembered ? StrategyFailures : StrategyFailures.RemoveAt(0)).Add(failure);
}
