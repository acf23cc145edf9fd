namespace Morag.Failover.Domain.Partitioning;

/// <summary>Merges pages of a list that is spread over several owners.</summary>
public static class SortedPages
{
    /// <summary>
    /// The entries of all pages in order, and whether more follow. The result ends where the first incomplete page ends: beyond that
    /// point, entries of its owner are missing.
    /// </summary>
    /// <param name="pages">One page of each owner, in order.</param>
    /// <param name="order">The order of the list.</param>
    public static (List<T> Entries, bool HasMore) Merge<T>(
        IReadOnlyList<(ImmutableArray<T> Entries, bool HasMore)> pages, Comparison<T> order)
    {
        ArgumentNullException.ThrowIfNull(pages);
        var all = new List<T>(pages.Sum(page => page.Entries.Length));
        foreach (var page in pages)
        {
            all.AddRange(page.Entries);
        }

        all.Sort(order);
        var hasMore = false;
        foreach (var page in pages)
        {
            if (page is { HasMore: true, Entries: [.., var last] })
            {
                hasMore = true;
                all.RemoveAll(entry => order(entry, last) > 0);
            }
        }

        return (all, hasMore);
    }
}
