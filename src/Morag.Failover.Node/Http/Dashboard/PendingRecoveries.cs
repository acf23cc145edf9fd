using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The failures whose decision has not been carried out yet, to measure how long that takes. The oldest are forgotten.</summary>
internal sealed class PendingRecoveries
{
    private const int Most = 10_000;

    private readonly Dictionary<FailureId, DateTimeOffset> failedAt = [];
    private readonly Queue<FailureId> order = [];

    /// <summary>Waits for a decision to be carried out, unless it ends with the task parked.</summary>
    public void Await(FailoverDecision decision)
    {
        var metadata = decision.DecisionMetadata;
        if (IsRecovery(decision)
            && metadata.Outcome == DecisionOutcome.Pending
            && failedAt.TryAdd(metadata.FailureId, decision.FailureEvent.OccurredAt))
        {
            order.Enqueue(metadata.FailureId);
        }

        while (order.Count > Most)
        {
            failedAt.Remove(order.Dequeue());
        }
    }

    /// <summary>Whether a decision lets the task run again. A parked task waits for an operator, or for new evidence.</summary>
    public static bool IsRecovery(FailoverDecision decision) =>
        decision.SelectedAction.Strategy != FailoverStrategy.ManualIntervention && decision.DecisionMetadata.Reverses is null;

    /// <summary>The seconds from the failure until its decision was carried out; null if it was not, or is unknown.</summary>
    public double? Resolve(DecisionResolved resolved) =>
        failedAt.Remove(resolved.FailureId, out var at) && resolved.Outcome == DecisionOutcome.Resolved && resolved.At >= at
            ? (resolved.At - at).TotalSeconds
            : null;
}
