using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>One page of a list that is spread over several owners.</summary>
internal static class Pages
{
    /// <summary>What is asked of an owner beyond its share, since shares are even only by chance.</summary>
    private const int Slack = 20;

    /// <summary>
    /// The first <paramref name="limit"/> entries of all owners, and whether there are more. Ids are spread evenly, so each owner is
    /// asked for little more than its share; only where that leaves the page short are all asked for as many as could be needed. A page
    /// may be shorter than its limit and still have a next one: owners, and the page itself, keep to a number of bytes too.
    /// </summary>
    /// <param name="limit">The most entries.</param>
    /// <param name="owners">How many owners there are.</param>
    /// <param name="order">The order of the list.</param>
    /// <param name="ask">Asks every owner for its first entries, in order, at most so many, and whether it has more.</param>
    public static async Task<(List<T> Entries, bool HasMore)> First<T>(
        int limit, int owners, Comparison<T> order, Func<int, Task<(ImmutableArray<T> Entries, bool HasMore)[]>> ask)
    {
        var asked = Math.Min(limit, (limit / owners * 5 / 4) + Slack);
        var (entries, hasMore) = Merged(await ask(asked), order);
        if (hasMore && entries.Count < limit && asked < limit)
        {
            (entries, hasMore) = Merged(await ask(limit), order);
        }

        var fitting = Fitting(entries, limit);
        hasMore |= fitting < entries.Count;
        entries.RemoveRange(fitting, entries.Count - fitting);
        return (entries, hasMore && entries.Count > 0);
    }

    /// <summary>How many of the entries fit into one answer: at least one, and at most <paramref name="limit"/>.</summary>
    public static int Fitting<T>(IReadOnlyList<T> entries, int limit)
    {
        const int Brackets = 2;
        const int Comma = 1;
        return entries.FirstPage(limit, Size, MessageLimits.MaxBytes - Brackets).Entries.Length;

        static long Size(T entry) => JsonSerializer.SerializeToUtf8Bytes(entry, ContractsJson.Options).Length + Comma;
    }

    /// <summary>All entries in order, up to where the first owner that has more stops: behind that, its entries would be left out.</summary>
    private static (List<T> Entries, bool HasMore) Merged<T>((ImmutableArray<T> Entries, bool HasMore)[] pages, Comparison<T> order)
    {
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
