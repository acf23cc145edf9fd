using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>One page of the list of workers.</summary>
/// <param name="Workers">The workers; null if no owner answered.</param>
/// <param name="Next">Where the next page begins; null if this is the last one.</param>
public sealed record WorkersModel(IReadOnlyList<WorkerInfo>? Workers, string? Next);

/// <summary>One worker.</summary>
public sealed record WorkerModel
{
    /// <summary>The worker.</summary>
    public required WorkerInfo Worker { get; init; }

    /// <summary>Its score; null if it is not available now.</summary>
    public required WorkerReliabilityScore? Score { get; init; }

    /// <summary>The tasks that it holds or held last, the first ones by id; null if no owner answered.</summary>
    public required IReadOnlyList<QueueEntry>? Tasks { get; init; }

    /// <summary>Its last failures, newest first; null if no owner answered.</summary>
    public required IReadOnlyList<FailoverDecision>? Failures { get; init; }

    /// <summary>Its id.</summary>
    public WorkerId Id => Worker.Registration.WorkerId;

    /// <summary>Where its forms go.</summary>
    public string Action(string what) => $"{PageAddress.Of(Id)}/{what}";
}
