using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>A decided failure, with the orders of its decision that are not acknowledged yet.</summary>
public sealed record KeptFailure
{
    /// <summary>The most event ids that one failure keeps. Reports with further ones are answered only.</summary>
    public const int MaxNames = 16;

    /// <summary>The size of a failure without its texts: objects, facts and evidence. Measured and rounded up.</summary>
    private const int FixedBytes = 4_096;

    /// <summary>The number of the decision, starting at 1.</summary>
    public required long Number { get; init; }

    /// <summary>The decision, with its outcome.</summary>
    public required FailoverDecision Decision { get; init; }

    /// <summary>The event ids that reporters gave the failure.</summary>
    public ImmutableArray<EventId> Names { get; init; } = [];

    /// <summary>Whether the failure uses no budget and is no evidence against its task.</summary>
    public bool ExcludedFromBudgets { get; init; }

    /// <summary>The order that the queue has not acknowledged.</summary>
    public Reassign? Reassign { get; init; }

    /// <summary>The order to open a breaker, until it is acknowledged.</summary>
    public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>The excuses that workers' entities have not acknowledged.</summary>
    public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>The decision that reverses this one, which parked the task, with its outcome.</summary>
    public FailoverDecision? Reversal { get; init; }

    /// <summary>Whether the task succeeded after it, or an operator requeued or cancelled the task.</summary>
    public bool HasProgressed { get; init; }

    /// <summary>Whether the task succeeded after it.</summary>
    public bool Held { get; init; }

    /// <summary>Whether its decision parked the task, and the task is still parked as far as the coordinator knows.</summary>
    public bool Parks => !HasProgressed
        && Decision.DecisionMetadata.Outcome == DecisionOutcome.Resolved
        && FailoverStrategies.Of(Decision.SelectedAction.Strategy).ParksTask
        && Reversal is not { DecisionMetadata.Outcome: DecisionOutcome.Resolved };

    /// <summary>The failure's id.</summary>
    public FailureId Id => Decision.DecisionMetadata.FailureId;

    /// <summary>Whether any order of its decision is not acknowledged.</summary>
    public bool IsOwed => Reassign is not null || OpenBreaker is not null || !Excuses.IsEmpty
        || Reversal is { DecisionMetadata.Outcome: DecisionOutcome.Pending };

    /// <summary>The orders that the queue has not acknowledged.</summary>
    public IEnumerable<IWireMessage> OwedByQueue
    {
        get
        {
            if (Reassign is not null)
            {
                yield return Reassign;
            }

            if (Reversal is { DecisionMetadata.Outcome: DecisionOutcome.Pending })
            {
                yield return ParkReview.UnparkFor(Reversal);
            }
        }
    }

    /// <summary>The orders that workers' entities have not acknowledged.</summary>
    public IEnumerable<IWireMessage> OwedByWorkers => OpenBreaker is null ? Excuses : [OpenBreaker, .. Excuses];

    /// <summary>Its place among failures by time.</summary>
    internal FailurePlace Place => new(Decision.FailureEvent.OccurredAt, Id);

    /// <summary>Its estimated size, in bytes.</summary>
    internal long Bytes =>
        (Reversal is null ? FixedBytes : 2 * FixedBytes)
        + (2 * (Decision.FailureEvent.ErrorMessage.Length + Decision.FailureEvent.Context.Length));

    /// <summary>The failure as an entry of its task's history.</summary>
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

/// <summary>The place of a failure in the order by time, then by id.</summary>
internal readonly record struct FailurePlace(DateTimeOffset OccurredAt, FailureId Id) : IComparable<FailurePlace>
{
    public int CompareTo(FailurePlace other) =>
        OccurredAt.CompareTo(other.OccurredAt) is not 0 and var byTime ? byTime : string.CompareOrdinal(Id.Value, other.Id.Value);
}
