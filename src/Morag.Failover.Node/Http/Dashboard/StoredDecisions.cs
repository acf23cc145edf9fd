using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Activity;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The stored decisions of the last week, for the charts of a node that has just started.</summary>
internal static class StoredDecisions
{
    /// <summary>The most decisions that are read from one coordinator. The charts begin after those that are left out.</summary>
    private const int MostPerCoordinator = 2_000;

    private const int PageSize = 500;

    /// <summary>The decisions about failures before a time, and since when they are complete.</summary>
    public static async Task<(List<FailoverDecision> Decisions, DateTimeOffset Since)> Read(
        FailoverGateway gateway, DateTimeOffset before, TimeSpan pause, CancellationToken stopping)
    {
        var week = ActivityRange.Week.Start(before);
        var parts = await Task.WhenAll(Enumerable.Range(0, gateway.Settings.Partitions.Coordinators).Select(partition =>
            OfCoordinator(gateway, new() { Partition = partition, Since = week, Until = before, Limit = PageSize }, pause, stopping)));
        return ([.. parts.SelectMany(part => part.Decisions)], parts.Max(part => part.Since));
    }

    /// <summary>When a decision was carried out, and how many seconds after the failure; null if it was not.</summary>
    public static (DateTimeOffset At, double Seconds)? RecoveryOf(FailoverDecision decision) =>
        decision.FailureEvent is { ResolvedAt: { } at, OccurredAt: var from }
            && decision.DecisionMetadata.Outcome == DecisionOutcome.Resolved && at >= from
            ? (at, (at - from).TotalSeconds)
            : null;

    private static async Task<(List<FailoverDecision> Decisions, DateTimeOffset Since)> OfCoordinator(
        FailoverGateway gateway, ListFailures wanted, TimeSpan pause, CancellationToken stopping)
    {
        var decisions = new List<FailoverDecision>();
        while (true)
        {
            FailurePage page;
            try
            {
                page = await gateway.AskCoordinators<FailurePage>(wanted, stopping);
            }
            catch (ProblemException)
            {
                // The cluster is still forming, or the coordinator moves.
                await Task.Delay(pause, stopping);
                continue;
            }

            decisions.AddRange(page.Decisions);
            if (!page.HasMore || decisions.Count >= MostPerCoordinator || page.Decisions.IsEmpty)
            {
                return (decisions, page.HasMore && decisions.Count > 0 ? decisions[^1].FailureEvent.OccurredAt : wanted.Since!.Value);
            }

            wanted = wanted with { After = FailureCursor.Of(page.Decisions[^1]) };
        }
    }
}
