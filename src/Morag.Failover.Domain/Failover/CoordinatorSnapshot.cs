using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>A failure as a snapshot keeps it.</summary>
[ProtoContract]
public sealed record StoredFailure
{
    /// <summary>The decision, with its outcome.</summary>
    [ProtoMember(1)] public required FailoverDecision Decision { get; init; }

    /// <summary>The event ids that reporters gave the failure.</summary>
    [ProtoMember(2)] public ImmutableArray<EventId> Names { get; init; } = [];

    /// <summary>Whether the failure uses no budget and is no evidence against its task.</summary>
    [ProtoMember(3)] public bool ExcludedFromBudgets { get; init; }

    /// <summary>The order that the queue has not acknowledged.</summary>
    [ProtoMember(4)] public Reassign? Reassign { get; init; }

    /// <summary>The order to open a breaker, until it is acknowledged.</summary>
    [ProtoMember(5)] public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>The excuses that workers' entities have not acknowledged.</summary>
    [ProtoMember(6)] public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>The decision that reverses this one, which parked the task.</summary>
    [ProtoMember(7)] public FailoverDecision? Reversal { get; init; }

    /// <summary>Whether the task is no longer parked, or succeeded.</summary>
    [ProtoMember(8)] public bool HasProgressed { get; init; }

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

/// <summary>The number of failures of one type or of one minute.</summary>
[ProtoContract]
public sealed record StoredFailureCount
{
    /// <summary>The type; null for the count of a minute.</summary>
    [ProtoMember(1)] public FailureType? Type { get; init; }

    /// <summary>The minute since 1970-01-01T00:00Z; null for the count of a type.</summary>
    [ProtoMember(4)] public long? Minute { get; init; }

    /// <summary>The number of failures.</summary>
    [ProtoMember(3)] public long Count { get; init; }
}

/// <summary>How well one strategy has worked against one type of failure.</summary>
[ProtoContract]
public sealed record StoredStrategyRecord
{
    /// <summary>The type of failure.</summary>
    [ProtoMember(1)] public FailureType Type { get; init; }

    /// <summary>The strategy.</summary>
    [ProtoMember(2)] public FailoverStrategy Strategy { get; init; }

    /// <summary>Decisions that were carried out, or given as advice.</summary>
    [ProtoMember(3)] public long Tried { get; init; }

    /// <summary>Those after which the same task failed again.</summary>
    [ProtoMember(4)] public long FailedAgain { get; init; }

    /// <summary>Those after which the same task succeeded.</summary>
    [ProtoMember(5)] public long Held { get; init; }
}

/// <summary>One part of the stored state of a coordinator.</summary>
[ProtoContract(Name = "failover.coordinator-snapshot")]
public sealed record CoordinatorSnapshot : IStoredState
{
    /// <summary>The failures, in the order in which they were decided.</summary>
    [ProtoMember(1)] public ImmutableArray<StoredFailure> Failures { get; init; } = [];

    /// <summary>The stale reports, oldest first.</summary>
    [ProtoMember(2)] public ImmutableArray<StoredStaleReport> StaleReports { get; init; } = [];

    /// <summary>All failures ever decided.</summary>
    [ProtoMember(3)] public long TotalFailures { get; init; }

    /// <summary>The counts by type and by minute.</summary>
    [ProtoMember(4)] public ImmutableArray<StoredFailureCount> Counts { get; init; } = [];

    /// <summary>How well each strategy has worked.</summary>
    [ProtoMember(5)] public ImmutableArray<StoredStrategyRecord> Records { get; init; } = [];

    /// <summary>What operators did, oldest first.</summary>
    [ProtoMember(6)] public ImmutableArray<AuditEntry> Audit { get; init; } = [];
}
