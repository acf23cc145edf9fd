using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>One page of a list that is spread over several owners.</summary>
internal static class Pages
{
    /// <summary>The most entries that one owner gives at once.</summary>
    private const int MaxPerOwner = CallLimits.MaxPage;

    /// <summary>What is asked of an owner beyond its share, since shares are even only by chance.</summary>
    private const int Slack = 20;

    /// <summary>
    /// The first <paramref name="limit"/> entries of all owners, and whether there may be more. Ids are spread evenly, so each owner is
    /// asked for little more than its share; only where that may leave out an entry are all asked for as many as could be needed.
    /// </summary>
    /// <param name="limit">The most entries.</param>
    /// <param name="ask">Asks every owner for its first entries, in order, at most so many.</param>
    /// <param name="owners">How many owners there are.</param>
    /// <param name="order">The order of the list.</param>
    public static async Task<(List<T> Entries, bool HasMore)> First<T>(
        int limit, int owners, Comparison<T> order, Func<int, Task<IReadOnlyList<T>[]>> ask)
    {
        var enough = Math.Min(limit + 1, MaxPerOwner);
        var asked = Math.Min(enough, (limit / owners * 5 / 4) + Slack);
        var pages = await ask(asked);
        var all = Sorted(pages, order);
        if (asked < enough && MayLeaveOut(all, pages, asked, limit, order))
        {
            asked = enough;
            pages = await ask(asked);
            all = Sorted(pages, order);
        }

        var hasMore = all.Count > limit || pages.Any(page => page.Count >= asked);
        if (all.Count > limit)
        {
            all.RemoveRange(limit, all.Count - limit);
        }

        return (all, hasMore && all.Count > 0);
    }

    /// <summary>An owner that gave all it was asked for may have more entries right after its last.</summary>
    private static bool MayLeaveOut<T>(List<T> all, IReadOnlyList<T>[] pages, int asked, int limit, Comparison<T> order) =>
        pages.Any(page => page.Count >= asked && (all.Count <= limit || order(page[^1], all[limit - 1]) < 0));

    private static List<T> Sorted<T>(IReadOnlyList<T>[] pages, Comparison<T> order)
    {
        var all = new List<T>(pages.Sum(page => page.Count));
        foreach (var page in pages)
        {
            all.AddRange(page);
        }

        all.Sort(order);
        return all;
    }
}
