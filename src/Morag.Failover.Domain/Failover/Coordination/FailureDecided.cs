using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>A failure was decided. The decision and its orders are stored together.</summary>
[ProtoContract(Name = "failover.failure-decided")]
public sealed record FailureDecided : IStoredEvent
{
    /// <summary>The decision with its failure. Its facts include the random draw for the jitter.</summary>
    [ProtoMember(1)] public required FailoverDecision Decision { get; init; }

    /// <summary>The order to the queue; null for a task that no queue holds.</summary>
    [ProtoMember(2)] public Reassign? Reassign { get; init; }

    /// <summary>The order to open a worker's breaker, if that is the strategy.</summary>
    [ProtoMember(3)] public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>The orders to excuse failures, one for each worker.</summary>
    [ProtoMember(4)] public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>The event ids that reporters gave the failure.</summary>
    [ProtoMember(5)] public ImmutableArray<EventId> Names { get; init; } = [];

    /// <summary>Whether the failure uses no budget and is no evidence against the task.</summary>
    [ProtoMember(6)] public bool ExcludedFromBudgets { get; init; }
}

/// <content>How decisions change the state.</content>
public sealed partial record CoordinatorState
{
    private CoordinatorState Decided(FailureDecided decided)
    {
        var decision = decided.Decision;
        var type = decision.FailureEvent.FailureType;
        var advised = decision.DecisionMetadata.Outcome == DecisionOutcome.Advised;
        var records = LastOf(decision.TaskId) is { } before && WasTried(before.Decision)
            ? Records.FailedAgain(before.Decision.FailureEvent.FailureType, before.Decision.SelectedAction.Strategy)
            : Records;
        return With(new KeptFailure
        {
            Number = LastNumber + 1,
            Decision = decision,
            Names = decided.Names,
            ExcludedFromBudgets = decided.ExcludedFromBudgets,
            Reassign = decided.Reassign,
            OpenBreaker = decided.OpenBreaker,
            Excuses = decided.Excuses,
        }) with
        {
            Tally = Tally.With(type, decision.DecisionMetadata.DecidedAt),
            Records = advised ? records.Tried(type, decision.SelectedAction.Strategy) : records,
        };
    }
}
