using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>A decision, and what it asks of the owners of tasks and workers.</summary>
public sealed record PolicyVerdict
{
    /// <summary>The decision with its explanation; its action is not carried out yet.</summary>
    public required FailoverDecision Decision { get; init; }

    /// <summary>What the queue that holds the task has to do; null for a task that no queue here holds.</summary>
    public Reassign? Reassign { get; init; }

    /// <summary>The breaker that has to open, where that is the strategy.</summary>
    public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>Failures to be taken off their workers' counts, one for each worker.</summary>
    public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>Whether the failure says nothing about the task: planned, part of a mass loss, or nobody was there to take it.</summary>
    public bool ExcludedFromBudgets { get; init; }
}
