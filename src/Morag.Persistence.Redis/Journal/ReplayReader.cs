using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Reads the events of one persistence id for its recovery, page by page. Never gives two events with one number.</summary>
/// <param name="open">Where to read.</param>
/// <param name="events">The sorted set of the events.</param>
/// <param name="limits">How large pages are.</param>
/// <param name="budget">What all recoveries share.</param>
/// <param name="settle">Called with a number that has several events. Leaves one of them, or fails.</param>
internal sealed class ReplayReader(OpenConnection open, RedisKey events, PageLimits limits, ReplayBudget budget, Func<long, Task> settle)
{
    private const int FirstPageSize = 64;

    /// <summary>The events with these numbers.</summary>
    /// <param name="from">The lowest number.</param>
    /// <param name="to">The highest number.</param>
    /// <param name="most">How many events are wanted. There may be a few more in the last page.</param>
    public async IAsyncEnumerable<ArraySegment<SortedSetEntry>> ReadAsync(long from, long to, long most)
    {
        var size = Wanted(limits.First(FirstPageSize), from - 1, to);
        var reading = FirstAsync(from, to, size);
        // The last event of a page waits for the next page, which shows whether its number has another event.
        var held = ArraySegment<SortedSetEntry>.Empty;
        for (var left = most; ;)
        {
            var page = await reading.ConfigureAwait(false);
            if (FindRepeated(held, page) is { } number)
            {
                SortedSetEntry[] before = [.. held.Concat(page).TakeWhile(entry => entry.Score < number)];
                left -= before.Length;
                held = ArraySegment<SortedSetEntry>.Empty;
                yield return before;
                await settle(number).ConfigureAwait(false);
                reading = RangeAsync(number, to, skip: 0, size);
                continue;
            }

            var isLast = page.Length < size || held.Count + page.Length > left;
            if (!isLast)
            {
                var last = (long)page[^1].Score;
                size = Wanted(limits.After(page), last, to);
                // On its way while this page is decoded.
                reading = NextAsync(last, to, size);
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

    /// <summary>One more than there should be, where a page reaches the end: a page that is not full is the last one.</summary>
    private static int Wanted(int size, long last, long to) => to - last <= size ? size + 1 : size;

    private static long? FindRepeated(ArraySegment<SortedSetEntry> held, SortedSetEntry[] page)
    {
        var before = held.Count > 0 ? held[0].Score : double.NaN;
        foreach (var entry in page)
        {
            if (entry.Score == before) return (long)before;
            before = entry.Score;
        }

        return null;
    }

    private async Task<SortedSetEntry[]> FirstAsync(long from, long to, int size)
    {
        var page = await budget.ReadAsync(budget.FirstPage, () => ReadPageAsync(from, to, skip: 0, size)).ConfigureAwait(false);
        budget.SawFirstPage(page.Sum(static entry => entry.Element.Length()));
        return page;
    }

    private async Task<SortedSetEntry[]> NextAsync(long last, long to, int size)
    {
        // A second event with the last number would come first.
        var page = await RangeAsync(last, to, skip: 1, size).ConfigureAwait(false);
        // If the last event was deleted meanwhile, another one was skipped in its place.
        return page.Length > 0 && page[0].Score <= last + 1 ? page : await RangeAsync(last + 1, to, skip: 0, size).ConfigureAwait(false);
    }

    private Task<SortedSetEntry[]> RangeAsync(long from, long to, int skip, int size)
        => budget.ReadAsync(limits.Bytes, () => ReadPageAsync(from, to, skip, size));

    private async Task<SortedSetEntry[]> ReadPageAsync(long from, long to, int skip, int size)
    {
        var asked = open.AskAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(events, from, to, skip: skip, take: size, flags: CommandFlags.DemandMaster));
        // In the same round trip, behind the events: where it holds, they were there.
        await Task.WhenAll(asked, open.CheckIdentityAsync()).ConfigureAwait(false);
        return await asked.ConfigureAwait(false);
    }
}
