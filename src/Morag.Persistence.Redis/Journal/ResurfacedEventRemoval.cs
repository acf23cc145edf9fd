using System.Globalization;
using Akka.Event;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Removes events of a failed write that Redis brought back after a crash (see <see cref="FailedWriteFinder"/>). A copy stays in a key of
/// its own for <see cref="KeptFor"/>.
/// </summary>
internal sealed class ResurfacedEventRemoval(OpenConnection open, string persistenceId, PageLimits limits, ILoggingAdapter log)
{
    /// <summary>How long the copy stays.</summary>
    public static readonly TimeSpan KeptFor = TimeSpan.FromDays(30);

    /// <summary>
    /// How many events without a dispute end a disputed range. A writer numbers its events without gaps, unless writes are rejected: one
    /// that went on is found among the next few.
    /// </summary>
    private const int LookAhead = 100;

    // Two calls of the most events that one call stores at once.
    private const int MostEvents = 400_000;
    private const int Attempts = 3;
    private const int MostWritersNamed = 5;

    private static readonly RedisScript Script = RedisScript.Load("remove-resurfaced");

    private readonly RedisKey _events = open.Keys.Events(persistenceId);

    /// <summary>Removes the events of failed writes around a number that has several events. Reads only the events around it.</summary>
    /// <returns>Whether there may be another highest number now.</returns>
    /// <exception cref="InvalidDataException">The events do not tell which of them were acknowledged. Nothing was removed.</exception>
    /// <exception cref="RedisException">Among others: somebody keeps writing to the same id.</exception>
    public async Task<bool> RemoveAsync(long number, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var counted = await open
                .AskAsync(redis => redis.StringGetAsync(open.Keys.Counter(persistenceId), CommandFlags.DemandMaster))
                .WaitAsync(cancellation)
                .ConfigureAwait(false);
            var counter = counted.TryParse(out long stored) ? stored : 0;
            var range = await ReadRangeAsync(number, cancellation).ConfigureAwait(false);
            if (range is null || !FailedWriteFinder.TryFindFailed(range, counter, out var failed)) throw Undecided(number, range);
            if (failed.Count == 0) return false;

            var removed = await RunAsync(counted, failed, cancellation).ConfigureAwait(false);
            if (removed >= 0)
            {
                Log(failed, removed);
                return failed[^1].Number > counter;
            }
        }

        throw new RedisException($"Several events of \"{persistenceId}\" have the number {number}, and somebody else is writing to this id. Recover it again.");
    }

    private async Task<long> RunAsync(RedisValue counted, IReadOnlyList<StoredEntry> failed, CancellationToken cancellation)
    {
        RedisKey[] keys = [_events, open.Keys.Counter(persistenceId), open.Keys.Resurfaced(persistenceId)];
        RedisValue[] values =
        [
            counted.IsNull ? RedisValue.EmptyString : counted,
            (long)KeptFor.TotalSeconds,
            .. failed.Reverse().SelectMany(static entry => new[] { entry.Number, entry.Bytes }),
        ];
        return (long)await Script.RunGuardedAsync(open, keys, values).WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>The events around a disputed number; null if there are too many for a failed write.</summary>
    private async Task<List<StoredEntry>?> ReadRangeAsync(long number, CancellationToken cancellation)
    {
        var range = new DuplicateRange();
        var from = await FindStartAsync(number, cancellation).ConfigureAwait(false);
        for (var size = Math.Max(limits.First(cautious: 64), 2); range.Entries.Count <= MostEvents;)
        {
            var page = await ReadPageAsync(from, double.PositiveInfinity, Order.Ascending, size, cancellation).ConfigureAwait(false);
            var isLast = page.Length < size;
            // The last number of a page may have more events than the page shows, so it is read again.
            var whole = isLast ? page.Length : Array.FindIndex(page, entry => entry.Score == page[^1].Score);
            range.Add(page.AsSpan(0, whole));
            if (isLast || range.Undisputed >= LookAhead) return range.Entries;
            from = page[^1].Score;
            size = Math.Max(limits.After(page), whole > 0 ? 2 : 2 * size);
        }

        return null;
    }

    /// <summary>The last number below a disputed one that has one event only, or the lowest number if there is none.</summary>
    private async Task<double> FindStartAsync(double number, CancellationToken cancellation)
    {
        for (var size = 2; ;)
        {
            var page = await ReadPageAsync(double.NegativeInfinity, number - 1, Order.Descending, size, cancellation).ConfigureAwait(false);
            var isLast = page.Length < size;
            for (var i = 0; i < page.Length; i++)
            {
                var isFirstOfNumber = i == 0 || page[i - 1].Score != page[i].Score;
                var isLastOfNumber = i + 1 < page.Length ? page[i + 1].Score != page[i].Score : isLast;
                if (isFirstOfNumber && isLastOfNumber) return page[i].Score;
            }

            if (isLast) return page.Length > 0 ? page[^1].Score : number;
            number = page[^1].Score + 1;
            size = Math.Max(limits.After(page), 2 * size);
        }
    }

    private Task<SortedSetEntry[]> ReadPageAsync(double from, double to, Order order, int size, CancellationToken cancellation)
        => open
            .AskAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(_events, from, to, order: order, take: size, flags: CommandFlags.DemandMaster))
            .WaitAsync(cancellation);

    private void Log(IReadOnlyList<StoredEntry> failed, long removed)
        => log.Warning(
            "Removed {0} events of \"{1}\": a failed write that Redis brought back after a crash. Acknowledged events already have their numbers. "
            + "Run BGREWRITEAOF to clean the file. The removed events, {2}, stay in \"{3}\" for {4} days.",
            removed,
            persistenceId,
            string.Join(", ", failed.GroupBy(static e => e.Writer).Select(static events => $"{Numbers([.. events])} of writer {events.Key}")),
            open.Keys.Resurfaced(persistenceId),
            KeptFor.TotalDays);

    private InvalidDataException Undecided(long number, List<StoredEntry>? range)
    {
        var disputed = range?.GroupBy(static e => e.Number).Where(static events => events.Skip(1).Any()).SelectMany(static events => events).ToList() ?? [];
        var which = disputed.Count > 0 ? Numbers(disputed) : string.Create(CultureInfo.InvariantCulture, $"{number} and above");
        var writers = disputed
            .Select(static e => e.Writer.Length > 0 ? e.Writer : "unknown")
            .Distinct()
            .Order(StringComparer.Ordinal)
            .Take(MostWritersNamed);
        return new InvalidDataException(
            $"\"{persistenceId}\" cannot recover: it has several events with the same sequence number (numbers {which}; writers {string.Join(", ", writers)}), "
            + "and they do not show which of them were acknowledged. Nothing was removed. Run 'morag journal verify "
            + $"{persistenceId}' to see their times and ranks, then remove the wrong ones with ZREMRANGEBYRANK from \"{_events}\".");
    }

    private static string Numbers(List<StoredEntry> events)
        => events[0].Number == events[^1].Number
            ? string.Create(CultureInfo.InvariantCulture, $"{events[0].Number}")
            : string.Create(CultureInfo.InvariantCulture, $"{events[0].Number} to {events[^1].Number}");
}
