using System.Collections.Immutable;
using System.Text.Json;
using Morag.Failover.Contracts;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;

namespace Morag.Failover.Node.Http.Answers;

/// <summary>Builds pages of lists that are spread over several owners.</summary>
internal static class Pages
{
    /// <summary>Entries requested from each owner beyond an even share, because hashing spreads entries only roughly evenly.</summary>
    private const int Slack = 20;

    /// <summary>
    /// The first <paramref name="limit"/> entries over all owners, and whether more follow. Ids are spread evenly, so each owner is first
    /// asked for slightly more than its share. If the page comes out short, every owner is asked for <paramref name="limit"/> entries. A
    /// page can be shorter than its limit and still have a successor, because owners and pages also have a byte limit.
    /// </summary>
    /// <param name="limit">The maximum number of entries, at least 1.</param>
    /// <param name="owners">The number of owners, at least 1.</param>
    /// <param name="order">The order of the list.</param>
    /// <param name="ask">Asks every owner for at most the given number of its first entries, in order, and whether it has more.</param>
    public static async Task<(List<T> Entries, bool HasMore)> First<T>(
        int limit, int owners, Comparison<T> order, Func<int, Task<(ImmutableArray<T> Entries, bool HasMore)[]>> ask)
    {
        var asked = Math.Min(limit, (limit / owners * 5 / 4) + Slack);
        var (entries, hasMore) = SortedPages.Merge(await ask(asked), order);
        if (hasMore && entries.Count < limit && asked < limit)
        {
            (entries, hasMore) = SortedPages.Merge(await ask(limit), order);
        }

        var fitting = Fitting(entries, limit);
        hasMore |= fitting < entries.Count;
        entries.RemoveRange(fitting, entries.Count - fitting);
        return (entries, hasMore && entries.Count > 0);
    }

    /// <summary>How many of the entries fit into one response: at least 1 and at most <paramref name="limit"/>.</summary>
    public static int Fitting<T>(IReadOnlyList<T> entries, int limit)
    {
        const int Brackets = 2;
        const int Comma = 1;
        return entries.FirstPage(limit, Size, MessageLimits.MaxBytes - Brackets).Entries.Length;

        static long Size(T entry) => JsonSerializer.SerializeToUtf8Bytes(entry, ContractsJson.Options).Length + Comma;
    }
}
