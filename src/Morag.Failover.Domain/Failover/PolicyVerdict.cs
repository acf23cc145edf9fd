using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>A decision, with the orders to the queue and to the workers' entities.</summary>
public sealed record PolicyVerdict
{
    /// <summary>The decision with its explanation. It is not carried out yet.</summary>
    public required FailoverDecision Decision { get; init; }

    /// <summary>The order to the queue; null for a task that no queue holds.</summary>
    public Reassign? Reassign { get; init; }

    /// <summary>The order to open the worker's breaker, if that is the strategy.</summary>
    public OpenBreakerByStrategy? OpenBreaker { get; init; }

    /// <summary>The orders to excuse failures, one for each worker.</summary>
    public ImmutableArray<ExcuseFailures> Excuses { get; init; } = [];

    /// <summary>
    /// Whether the failure uses no budget and is no evidence against the task, because the loss was planned or part of a mass loss, or no
    /// worker was available.
    /// </summary>
    public bool ExcludedFromBudgets { get; init; }
}
