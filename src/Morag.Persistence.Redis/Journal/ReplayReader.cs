using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Reads the events of one persistence id for a recovery, page by page. Never returns two events with one number.</summary>
/// <param name="open">The connection.</param>
/// <param name="events">Key of the events.</param>
/// <param name="limits">Size of a page.</param>
/// <param name="budget">The budget that all recoveries share.</param>
/// <param name="removeDuplicates">Called with a number that has several events. Removes all but one of them, or throws.</param>
internal sealed class ReplayReader(
    OpenConnection open, RedisKey events, PageLimits limits, ReplayBudget budget, Func<long, Task> removeDuplicates)
{
    private const int FirstPageSize = 64;

    /// <summary>Reads the events with these numbers.</summary>
    /// <param name="from">The lowest number.</param>
    /// <param name="to">The highest number.</param>
    /// <param name="most">Maximum number of events. The last page may have a few more.</param>
    public async IAsyncEnumerable<ArraySegment<SortedSetEntry>> ReadAsync(long from, long to, long most)
    {
        var size = RequestSize(limits.InitialSize(FirstPageSize), from - 1, to);
        var reading = ReadFirstPageAsync(from, to, size);
        // The last event of a page is held until the next page shows whether its number has another event.
        var held = ArraySegment<SortedSetEntry>.Empty;
        for (var left = most; ;)
        {
            var page = await reading.ConfigureAwait(false);
            if (FindDuplicate(held, page) is { } number)
            {
                SortedSetEntry[] before = [.. held.Concat(page).TakeWhile(entry => entry.Score < number)];
                left -= before.Length;
                held = ArraySegment<SortedSetEntry>.Empty;
                yield return before;
                await removeDuplicates(number).ConfigureAwait(false);
                reading = ReadRangeAsync(number, to, skip: 0, size);
                continue;
            }

            var isLast = page.Length < size || held.Count + page.Length > left;
            if (!isLast)
            {
                var last = (long)page[^1].Score;
                size = RequestSize(limits.NextSize(page), last, to);
                // Requested now, so it travels while this page is decoded.
                reading = ReadNextPageAsync(last, to, size);
            }

            left -= held.Count;
            if (held.Count > 0) yield return held;
            if (isLast)
            {
                yield return page;
                yield break;
            }

            left -= page.Length - 1;
            yield return new ArraySegment<SortedSetEntry>(page, 0, page.Length - 1);
            held = new ArraySegment<SortedSetEntry>(page, page.Length - 1, 1);
        }
    }

    /// <summary>If a page should reach the end, requests one event more: a page that is not full is the last one.</summary>
    private static int RequestSize(int size, long last, long to) => to - last <= size ? size + 1 : size;

    private static long? FindDuplicate(ArraySegment<SortedSetEntry> held, SortedSetEntry[] page)
    {
        var before = held.Count > 0 ? held[0].Score : double.NaN;
        foreach (var entry in page)
        {
            if (entry.Score == before) return (long)before;
            before = entry.Score;
        }

        return null;
    }

    private async Task<SortedSetEntry[]> ReadFirstPageAsync(long from, long to, int size)
    {
        var page = await budget.ReadAsync(budget.FirstPage, () => ReadPageAsync(from, to, skip: 0, size)).ConfigureAwait(false);
        budget.RecordFirstPage(page.Sum(static entry => entry.Element.Length()));
        return page;
    }

    private async Task<SortedSetEntry[]> ReadNextPageAsync(long last, long to, int size)
    {
        // A second event with the last number would come first.
        var page = await ReadRangeAsync(last, to, skip: 1, size).ConfigureAwait(false);
        // If the last event was deleted after it was read, another one was skipped instead.
        return page.Length > 0 && page[0].Score <= last + 1
            ? page
            : await ReadRangeAsync(last + 1, to, skip: 0, size).ConfigureAwait(false);
    }

    private Task<SortedSetEntry[]> ReadRangeAsync(long from, long to, int skip, int size)
        => budget.ReadAsync(limits.Bytes, () => ReadPageAsync(from, to, skip, size));

    private async Task<SortedSetEntry[]> ReadPageAsync(long from, long to, int skip, int size)
    {
        var page = open.ExecuteAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(
            events, from, to, skip: skip, take: size, flags: CommandFlags.DemandMaster));
        // In the same round trip, after the events: if the identity matches, they came from the right store.
        await Task.WhenAll(page, open.CheckIdentityAsync()).ConfigureAwait(false);
        return await page.ConfigureAwait(false);
    }
}
