using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;

namespace Morag.Failover.Domain.Workers;

/// <summary>A failure was recorded in a worker's score.</summary>
[ProtoContract(Name = "worker.failure-recorded")]
public sealed record WorkerFailureRecorded : IStoredEvent
{
    /// <summary>The failure.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The loss it is part of.</summary>
    [ProtoMember(2)] public LossId? LossId { get; init; }

    /// <summary>When it happened.</summary>
    [ProtoMember(3)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>Whether it counts: not if its loss was planned or is already counted.</summary>
    [ProtoMember(4)] public bool Counts { get; init; }

    /// <summary>The breaker after the event; null if it did not change.</summary>
    [ProtoMember(5)] public WorkerBreaker? Breaker { get; init; }

    /// <summary>The failure as an entry of the worker's record; null if it is no evidence about the worker.</summary>
    [ProtoMember(6)] public WorkOutcome? Outcome { get; init; }
}

/// <summary>Failures were attributed to their task instead of the worker.</summary>
[ProtoContract(Name = "worker.failures-excused")]
public sealed record WorkerFailuresExcused : IStoredEvent
{
    /// <summary>The failures that no longer count as consecutive.</summary>
    [ProtoMember(1)] public ImmutableArray<FailureId> Failures { get; init; } = [];

    /// <summary>The breaker after the event; null if it did not change.</summary>
    [ProtoMember(2)] public WorkerBreaker? Breaker { get; init; }
}

/// <summary>A batch of lease outcomes from one partition was counted.</summary>
[ProtoContract(Name = "worker.outcomes-counted")]
public sealed record WorkerOutcomesCounted : IStoredEvent
{
    /// <summary>The partition.</summary>
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The batch.</summary>
    [ProtoMember(2)] public required long Number { get; init; }

    /// <summary>Successes in it.</summary>
    [ProtoMember(3)] public int Successes { get; init; }

    /// <summary>The total duration of the successes.</summary>
    [ProtoMember(4)] public TimeSpan Duration { get; init; }

    /// <summary>The breaker after the event; null if it did not change.</summary>
    [ProtoMember(5)] public WorkerBreaker? Breaker { get; init; }

    /// <summary>The successes as entries of the worker's record. Consecutive successes at one kind of work are one entry.</summary>
    [ProtoMember(6)] public ImmutableArray<WorkOutcome> Outcomes { get; init; } = [];
}

/// <summary>Successes on tasks that are not in a queue here were counted.</summary>
[ProtoContract(Name = "worker.successes-reported")]
public sealed record WorkerSuccessesReported : IStoredEvent
{
    /// <summary>How many.</summary>
    [ProtoMember(1)] public required int Successes { get; init; }

    /// <summary>Their total duration.</summary>
    [ProtoMember(2)] public TimeSpan Duration { get; init; }

    /// <summary>The names of successes with an event id, as <c>task event</c>, to recognise duplicates.</summary>
    [ProtoMember(3)] public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>The breaker after the event; null if it did not change.</summary>
    [ProtoMember(4)] public WorkerBreaker? Breaker { get; init; }

    /// <summary>When they were reported.</summary>
    [ProtoMember(5)] public DateTimeOffset At { get; init; }
}

/// <summary>A breaker changed because its open time was over, a probe started, or a strategy or an operator changed it.</summary>
[ProtoContract(Name = "worker.breaker-changed")]
public sealed record WorkerBreakerChanged : IStoredEvent, IAudited
{
    /// <summary>The breaker after the event.</summary>
    [ProtoMember(1)] public required WorkerBreaker Breaker { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>The failure whose strategy opened it, to recognise duplicates.</summary>
    [ProtoMember(3)] public FailureId? StrategyFailure { get; init; }

    /// <summary>Whether the consecutive failures are cleared.</summary>
    [ProtoMember(4)] public bool ClearsConsecutive { get; init; }

    /// <inheritdoc />
    [ProtoMember(5)] public AuditEntry? Audit { get; init; }
}
