using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>What opened a breaker.</summary>
public enum BreakerCause
{
    /// <summary>Consecutive failures.</summary>
    Threshold,

    /// <summary>The circuit_breaker strategy.</summary>
    Strategy,

    /// <summary>An operator; it stays open until it is lifted.</summary>
    Operator,
}

/// <summary>A lease that decides about a half-open breaker.</summary>
[ProtoContract]
public sealed record BreakerProbe
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>When it was leased.</summary>
    [ProtoMember(3)] public DateTimeOffset LeasedAt { get; init; }
}

/// <summary>A worker's circuit breaker, as it is stored.</summary>
[ProtoContract]
public sealed record WorkerBreaker
{
    /// <summary>A closed breaker.</summary>
    public static readonly WorkerBreaker Closed = new();

    /// <summary>Its state.</summary>
    [ProtoMember(1)] public BreakerState State { get; init; }

    /// <summary>Until when it is open; null while it is not, and while an operator holds it open.</summary>
    [ProtoMember(2)] public DateTimeOffset? Until { get; init; }

    /// <summary>How long it opened for, so that the next time is twice as long.</summary>
    [ProtoMember(3)] public TimeSpan OpenFor { get; init; }

    /// <summary>What opened it first.</summary>
    [ProtoMember(4)] public BreakerCause Cause { get; init; }

    /// <summary>The failure that opened it first, where one did.</summary>
    [ProtoMember(5)] public FailureId? CauseFailure { get; init; }

    /// <summary>Why it is open, in words.</summary>
    [ProtoMember(6)] public string? Reason { get; init; }

    /// <summary>Since when it is half-open.</summary>
    [ProtoMember(7)] public DateTimeOffset? HalfOpenSince { get; init; }

    /// <summary>The leases that decide while it is half-open.</summary>
    [ProtoMember(8)] public ImmutableArray<BreakerProbe> Probes { get; init; } = [];
}

/// <summary>A worker's score took a failure in.</summary>
[ProtoContract(Name = "worker.failure-taken")]
public sealed record WorkerFailureTaken : IStoredEvent
{
    /// <summary>The failure.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The loss it is part of.</summary>
    [ProtoMember(2)] public LossId? LossId { get; init; }

    /// <summary>When it happened.</summary>
    [ProtoMember(3)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>Whether it counts: not where its loss was counted already, or was planned.</summary>
    [ProtoMember(4)] public bool Counts { get; init; }

    /// <summary>The breaker after it, where it changed.</summary>
    [ProtoMember(5)] public WorkerBreaker? Breaker { get; init; }

    /// <summary>The failure as an entry of the worker's record; null where it says nothing about how the worker does its work.</summary>
    [ProtoMember(6)] public WorkOutcome? Outcome { get; init; }
}

/// <summary>An entry of a worker's record: a failed task, or successes in a row at one kind of work.</summary>
[ProtoContract]
public sealed record WorkOutcome
{
    /// <summary>The task that failed; null for successes.</summary>
    [ProtoMember(1)] public TaskId? FailedTask { get; init; }

    /// <summary>The failure; null for successes.</summary>
    [ProtoMember(2)] public FailureId? FailureId { get; init; }

    /// <summary>The queue of the work; null for work that no queue here held.</summary>
    [ProtoMember(3)] public QueueName? Queue { get; init; }

    /// <summary>The content type of the work.</summary>
    [ProtoMember(4)] public string? ContentType { get; init; }

    /// <summary>How many, 1 or more; a failure is one.</summary>
    [ProtoMember(5)] public int Count { get; init; } = 1;

    /// <summary>Whether the failure turned out to be the task's own.</summary>
    [ProtoMember(6)] public bool Excused { get; init; }
}

/// <summary>Failures turned out to be a task's own.</summary>
[ProtoContract(Name = "worker.failures-excused")]
public sealed record WorkerFailuresExcused : IStoredEvent
{
    /// <summary>The failures that no longer count as consecutive.</summary>
    [ProtoMember(1)] public ImmutableArray<FailureId> Failures { get; init; } = [];

    /// <summary>The breaker after it, where it changed.</summary>
    [ProtoMember(2)] public WorkerBreaker? Breaker { get; init; }
}

/// <summary>A batch of lease outcomes of one partition was counted.</summary>
[ProtoContract(Name = "worker.outcomes-counted")]
public sealed record WorkerOutcomesCounted : IStoredEvent
{
    /// <summary>The partition.</summary>
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The batch.</summary>
    [ProtoMember(2)] public required long Number { get; init; }

    /// <summary>Successes in it.</summary>
    [ProtoMember(3)] public int Successes { get; init; }

    /// <summary>How long the successes ran, together.</summary>
    [ProtoMember(4)] public TimeSpan Duration { get; init; }

    /// <summary>The breaker after it, where it changed.</summary>
    [ProtoMember(5)] public WorkerBreaker? Breaker { get; init; }

    /// <summary>The successes as entries of the worker's record, one for each kind of work in a row.</summary>
    [ProtoMember(6)] public ImmutableArray<WorkOutcome> Outcomes { get; init; } = [];
}

/// <summary>Successes on tasks that are held elsewhere were counted.</summary>
[ProtoContract(Name = "worker.successes-reported")]
public sealed record WorkerSuccessesReported : IStoredEvent
{
    /// <summary>How many.</summary>
    [ProtoMember(1)] public required int Successes { get; init; }

    /// <summary>How long they took, together.</summary>
    [ProtoMember(2)] public TimeSpan Duration { get; init; }

    /// <summary>Those that have a name, as <c>task event</c>, so that each counts once.</summary>
    [ProtoMember(3)] public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>The breaker after it, where it changed.</summary>
    [ProtoMember(4)] public WorkerBreaker? Breaker { get; init; }

    /// <summary>When they were reported.</summary>
    [ProtoMember(5)] public DateTimeOffset At { get; init; }
}

/// <summary>A breaker changed, apart from failures and successes: its time was over, a probe was leased, a strategy or an operator moved it.</summary>
[ProtoContract(Name = "worker.breaker-moved")]
public sealed record WorkerBreakerMoved : IStoredEvent
{
    /// <summary>The breaker from now on.</summary>
    [ProtoMember(1)] public required WorkerBreaker Breaker { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>The failure whose strategy asked for it: the same again changes nothing.</summary>
    [ProtoMember(3)] public FailureId? StrategyFailure { get; init; }

    /// <summary>Whether the consecutive failures are cleared.</summary>
    [ProtoMember(4)] public bool ClearsConsecutive { get; init; }
}
