using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Activity;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The stored decisions of the last week, for the charts of a node that has just started.</summary>
internal static class StoredDecisions
{
    /// <summary>The most decisions that are read from one coordinator. The charts begin after those that are left out.</summary>
    private const int MostPerCoordinator = 2_000;

    private const int PageSize = 200;

    /// <summary>
    /// Passes the decisions about failures before a time on, page by page and one coordinator after the other, so that never more than a
    /// page is in memory. Returns since when they are complete.
    /// </summary>
    public static async Task<DateTimeOffset> ReadEach(
        FailoverGateway gateway,
        DateTimeOffset before,
        TimeSpan pause,
        Action<ImmutableArray<FailoverDecision>> add,
        CancellationToken stopping)
    {
        var since = ActivityRange.Week.Start(before);
        var wanted = new ListFailures { Partition = 0, Since = since, Until = before, Limit = PageSize };
        for (var partition = 0; partition < gateway.Settings.Partitions.Coordinators; partition++)
        {
            var complete = await OfCoordinator(gateway, wanted with { Partition = partition }, pause, add, stopping);
            since = complete > since ? complete : since;
        }

        return since;
    }

    private static async Task<DateTimeOffset> OfCoordinator(
        FailoverGateway gateway,
        ListFailures wanted,
        TimeSpan pause,
        Action<ImmutableArray<FailoverDecision>> add,
        CancellationToken stopping)
    {
        for (var count = 0; ;)
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

            add(page.Decisions);
            count += page.Decisions.Length;
            if (!page.HasMore || page.Decisions.IsEmpty)
            {
                return wanted.Since!.Value;
            }

            if (count >= MostPerCoordinator)
            {
                return page.Decisions[^1].FailureEvent.OccurredAt;
            }

            wanted = wanted with { After = FailureCursor.Of(page.Decisions[^1]) };
        }
    }
}
