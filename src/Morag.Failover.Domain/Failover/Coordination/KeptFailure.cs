using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>A decided failure as its coordinator keeps it, with what is still owed of its decision.</summary>
public sealed record KeptFailure
{
    /// <summary>The most names that one failure keeps; further ones are answered and not kept.</summary>
    public const int MaxNames = 16;

    /// <summary>What one failure takes besides its texts: objects, facts and evidence. Measured, rounded up.</summary>
    private const int FixedBytes = 4_096;

    /// <summary>The place in the order in which failures were decided, from 1.</summary>
    public required long Number { get; init; }

    /// <summary>The decision, with what became of it.</summary>
    public required FailoverDecision Decision { get; init; }

    /// <summary>The names that reporters gave it.</summary>
    public ImmutableArray<EventId> Names { get; init; } = [];

    /// <summary>Whether it says nothing about its task.</summary>
    public bool ExcludedFromBudgets { get; init; }

    /// <summary>What the queue still has to answer.</summary>
    public Reassign? Reassign { get; init; }

    /// <summary>The breaker that still has to open.</summary>
    public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>The excuses that workers still have to take.</summary>
    public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>The decision that took this one, to park, back; with what became of it.</summary>
    public FailoverDecision? TakenBack { get; init; }

    /// <summary>Whether the task went on after it: it succeeded, or an operator requeued or cancelled it.</summary>
    public bool WentOn { get; init; }

    /// <summary>Whether the task succeeded after it.</summary>
    public bool Held { get; init; }

    /// <summary>Whether its decision parked the task, and the task is parked still as far as is known here.</summary>
    public bool Parks => !WentOn
        && Decision.DecisionMetadata.Outcome == DecisionOutcome.Resolved
        && FailoverStrategies.Of(Decision.SelectedAction.Strategy).ParksTask
        && TakenBack is not { DecisionMetadata.Outcome: DecisionOutcome.Resolved };

    /// <summary>The failure's id.</summary>
    public FailureId Id => Decision.DecisionMetadata.FailureId;

    /// <summary>Whether anything is still owed of it.</summary>
    public bool IsOwed => Reassign is not null || OpenBreaker is not null || !Excuses.IsEmpty
        || TakenBack is { DecisionMetadata.Outcome: DecisionOutcome.Pending };

    /// <summary>Its place among failures by time.</summary>
    internal FailurePlace Place => new(Decision.FailureEvent.OccurredAt, Id);

    /// <summary>An estimate of the memory that it takes.</summary>
    internal long Bytes =>
        (TakenBack is null ? FixedBytes : 2 * FixedBytes) + (2 * (Decision.FailureEvent.ErrorMessage.Length + Decision.FailureEvent.Context.Length));

    /// <summary>The failure as its task's history tells it to the policy.</summary>
    internal TaskFailure AsEarlier() => new()
    {
        FailureId = Id,
        FailureType = Decision.FailureEvent.FailureType,
        WorkerId = Decision.FailureEvent.WorkerId,
        At = Decision.FailureEvent.OccurredAt,
        Strategy = Decision.SelectedAction.Strategy,
        ExcludedFromBudgets = ExcludedFromBudgets,
    };
}

/// <summary>A failure's place among failures by time, then by id.</summary>
internal readonly record struct FailurePlace(DateTimeOffset OccurredAt, FailureId Id) : IComparable<FailurePlace>
{
    public int CompareTo(FailurePlace other) =>
        OccurredAt.CompareTo(other.OccurredAt) is not 0 and var byTime ? byTime : string.CompareOrdinal(Id.Value, other.Id.Value);
}
