namespace Morag.Failover.Node.Http.Answers;

/// <summary>Merges the pages that several owners gave into one.</summary>
internal static class Pages
{
    /// <summary>The most entries that one owner gives at once.</summary>
    public const int MaxPerOwner = 1_000;

    /// <summary>How many entries to ask each owner for: one more than wanted, where possible, to see whether there is more.</summary>
    public static int PerOwner(int limit) => Math.Min(limit + 1, MaxPerOwner);

    /// <summary>The first <paramref name="limit"/> entries in order, and whether there may be more.</summary>
    public static (List<T> Entries, bool HasMore) Merge<T>(
        IReadOnlyCollection<IReadOnlyCollection<T>> pages, int limit, Comparison<T> order)
    {
        var all = new List<T>(pages.Sum(page => page.Count));
        foreach (var page in pages)
        {
            all.AddRange(page);
        }

        all.Sort(order);
        var hasMore = all.Count > limit || pages.Any(page => page.Count >= PerOwner(limit));
        if (all.Count > limit)
        {
            all.RemoveRange(limit, all.Count - limit);
        }

        return (all, hasMore && all.Count > 0);
    }
}
