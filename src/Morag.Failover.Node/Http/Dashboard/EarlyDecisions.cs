using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// Tells apart what is read from the stored history and what arrives as a live event around the start of a node: a failure from before the
/// start that is decided after it can be in both.
/// </summary>
/// <param name="since">The start.</param>
internal sealed class EarlyDecisions(DateTimeOffset since)
{
    private const int Most = 10_000;

    /// <summary>How far the clocks of two nodes may differ.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(1);

    private readonly HashSet<FailureId> counted = [];

    /// <summary>Whether a decision is counted now for the first time.</summary>
    public bool IsNew(FailoverDecision decision)
    {
        var isEarly = decision.FailureEvent.OccurredAt < since + Skew && decision.DecisionMetadata.DecidedAt >= since - Skew;
        return !isEarly || counted.Count >= Most || counted.Add(decision.DecisionMetadata.FailureId);
    }
}
