using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>A failure as a snapshot keeps it.</summary>
[ProtoContract]
public sealed record StoredFailure
{
    /// <summary>The decision, with what became of it.</summary>
    [ProtoMember(1)] public required FailoverDecision Decision { get; init; }

    /// <summary>The names that reporters gave it.</summary>
    [ProtoMember(2)] public ImmutableArray<EventId> Names { get; init; } = [];

    /// <summary>Whether it says nothing about its task.</summary>
    [ProtoMember(3)] public bool ExcludedFromBudgets { get; init; }

    /// <summary>What the queue still has to answer.</summary>
    [ProtoMember(4)] public Reassign? Reassign { get; init; }

    /// <summary>The breaker that still has to open.</summary>
    [ProtoMember(5)] public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>The excuses that workers still have to take.</summary>
    [ProtoMember(6)] public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>The decision that took the decision to park back.</summary>
    [ProtoMember(7)] public FailoverDecision? TakenBack { get; init; }

    /// <summary>Whether the task went on after it.</summary>
    [ProtoMember(8)] public bool WentOn { get; init; }

    /// <summary>Whether the task succeeded after it.</summary>
    [ProtoMember(9)] public bool Held { get; init; }
}

/// <summary>A stale report as a snapshot keeps it.</summary>
[ProtoContract]
public sealed record StoredStaleReport
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The report.</summary>
    [ProtoMember(2)] public required StaleReport Report { get; init; }
}

/// <summary>The failures of one type, of one hour, or under one strategy, as a snapshot counts them.</summary>
[ProtoContract]
public sealed record StoredFailureCount
{
    /// <summary>The type; null where it is a minute's count.</summary>
    [ProtoMember(1)] public FailureType? Type { get; init; }

    /// <summary>The minute, counted from 1970-01-01T00:00Z; null where it is a type's count.</summary>
    [ProtoMember(4)] public long? Minute { get; init; }

    /// <summary>How many.</summary>
    [ProtoMember(3)] public long Count { get; init; }
}

/// <summary>What came of one strategy against one type of failure.</summary>
[ProtoContract]
public sealed record StoredStrategyRecord
{
    /// <summary>The type of failure.</summary>
    [ProtoMember(1)] public FailureType Type { get; init; }

    /// <summary>The strategy.</summary>
    [ProtoMember(2)] public FailoverStrategy Strategy { get; init; }

    /// <summary>Decisions that were carried out, or given as advice.</summary>
    [ProtoMember(3)] public long Tried { get; init; }

    /// <summary>Those after which the same task failed once more.</summary>
    [ProtoMember(4)] public long FailedAgain { get; init; }

    /// <summary>Those after which the same task succeeded.</summary>
    [ProtoMember(5)] public long Held { get; init; }
}

/// <summary>All that a coordinator keeps.</summary>
[ProtoContract(Name = "failover.coordinator-snapshot")]
public sealed record CoordinatorSnapshot : IStoredState
{
    /// <summary>The failures, in the order in which they were decided.</summary>
    [ProtoMember(1)] public ImmutableArray<StoredFailure> Failures { get; init; } = [];

    /// <summary>The stale reports, oldest first.</summary>
    [ProtoMember(2)] public ImmutableArray<StoredStaleReport> StaleReports { get; init; } = [];

    /// <summary>All failures ever decided.</summary>
    [ProtoMember(3)] public long TotalFailures { get; init; }

    /// <summary>The counts by type and by hour.</summary>
    [ProtoMember(4)] public ImmutableArray<StoredFailureCount> Counts { get; init; } = [];

    /// <summary>What came of the strategies.</summary>
    [ProtoMember(5)] public ImmutableArray<StoredStrategyRecord> Records { get; init; } = [];
}
