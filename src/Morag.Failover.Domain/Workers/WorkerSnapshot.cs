using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>A worker's entity, as a snapshot stores it.</summary>
[ProtoContract(Name = "worker.snapshot")]
public sealed record WorkerSnapshot : IStoredState
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>What it said of itself; null while it is not registered.</summary>
    [ProtoMember(2)] public WorkerRegistration? Registration { get; init; }

    /// <summary>When it first registered.</summary>
    [ProtoMember(3)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Whether it left for good.</summary>
    [ProtoMember(4)] public bool Unregistered { get; init; }

    /// <summary>How alive it is.</summary>
    [ProtoMember(5)] public Liveness Liveness { get; init; }

    /// <summary>Why it is offline.</summary>
    [ProtoMember(6)] public OfflineCause OfflineCause { get; init; }

    /// <summary>The loss that it is offline by.</summary>
    [ProtoMember(7)] public LossId? LossId { get; init; }

    /// <summary>What it last said of itself.</summary>
    [ProtoMember(8)] public WorkerStatus ReportedStatus { get; init; }

    /// <summary>An operator's drain.</summary>
    [ProtoMember(9)] public WorkerDrain? Drain { get; init; }

    /// <summary>When it was last lost, unplanned, with work in hand.</summary>
    [ProtoMember(10)] public DateTimeOffset? LostAt { get; init; }

    /// <summary>Grows with each change that the directory shows.</summary>
    [ProtoMember(11)] public long Revision { get; init; }

    /// <summary>The number of the last fence.</summary>
    [ProtoMember(12)] public long LastFence { get; init; }

    /// <summary>The fences that are owed.</summary>
    [ProtoMember(13)] public ImmutableArray<OwedFence> Fences { get; init; } = [];

    /// <summary>The breaker.</summary>
    [ProtoMember(14)] public WorkerBreaker Breaker { get; init; } = new();

    /// <summary>Failures whose strategy opened the breaker, oldest first.</summary>
    [ProtoMember(15)] public ImmutableArray<FailureId> StrategyFailures { get; init; } = [];

    /// <summary>The last batch of outcomes of each partition.</summary>
    [ProtoMember(16)] public ImmutableArray<CountedBatch> CountedBatches { get; init; } = [];

    /// <summary>Successes, ever.</summary>
    [ProtoMember(17)] public long Successes { get; init; }

    /// <summary>How long the successes took, together.</summary>
    [ProtoMember(18)] public TimeSpan SuccessDuration { get; init; }

    /// <summary>Failures, ever.</summary>
    [ProtoMember(19)] public long Failures { get; init; }

    /// <summary>When it last failed.</summary>
    [ProtoMember(20)] public DateTimeOffset? LastFailure { get; init; }

    /// <summary>The failures since the last success, oldest first.</summary>
    [ProtoMember(21)] public ImmutableArray<FailureId> Run { get; init; } = [];

    /// <summary>Failures of the run that are older than those.</summary>
    [ProtoMember(22)] public int OlderRun { get; init; }

    /// <summary>Failures that are remembered, oldest first.</summary>
    [ProtoMember(23)] public ImmutableArray<RememberedFailure> RecentFailures { get; init; } = [];

    /// <summary>Losses that are remembered, oldest first.</summary>
    [ProtoMember(24)] public ImmutableArray<RememberedLoss> RecentLosses { get; init; } = [];

    /// <summary>Names of reported successes that are remembered, oldest first.</summary>
    [ProtoMember(25)] public ImmutableArray<string> RecentSuccesses { get; init; } = [];

    /// <summary>The worker's record, oldest first.</summary>
    [ProtoMember(26)] public ImmutableArray<WorkOutcome> Record { get; init; } = [];

    /// <summary>Since when it is offline, has left, or is only known by reports.</summary>
    [ProtoMember(27)] public DateTimeOffset? GoneSince { get; init; }

    /// <summary>Whom the loss that it is offline by counts against.</summary>
    [ProtoMember(28)] public LossBlame LossBlame { get; init; }

    /// <summary>The number of the last audit entry.</summary>
    [ProtoMember(29)] public long LastAudit { get; init; }

    /// <summary>The audit entries that no coordinator has recorded yet.</summary>
    [ProtoMember(30)] public ImmutableArray<OwedAudit> OwedAudit { get; init; } = [];
}

/// <summary>A failure that is remembered, so that it counts once.</summary>
[ProtoContract]
public sealed record RememberedFailure
{
    /// <summary>The failure.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The loss it is part of.</summary>
    [ProtoMember(2)] public LossId? LossId { get; init; }
}

/// <summary>A loss that is remembered, so that it counts once.</summary>
[ProtoContract]
public sealed record RememberedLoss
{
    /// <summary>The loss.</summary>
    [ProtoMember(1)] public required LossId LossId { get; init; }

    /// <summary>The failure that stands for it in the count.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }
}

/// <summary>The last batch of outcomes that was taken from a partition.</summary>
[ProtoContract]
public sealed record CountedBatch
{
    /// <summary>The partition.</summary>
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The batch.</summary>
    [ProtoMember(2)] public required long Number { get; init; }
}
