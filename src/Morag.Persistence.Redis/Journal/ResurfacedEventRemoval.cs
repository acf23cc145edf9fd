using System.Globalization;
using Akka.Event;
using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Removes resurfaced events: events of a failed write that Redis brought back after a crash (see <see cref="FailedWriteFinder"/>). A copy
/// stays in a separate key for <see cref="CopyLifetime"/>.
/// </summary>
internal sealed class ResurfacedEventRemoval(OpenConnection open, string persistenceId, PageLimits limits, ILoggingAdapter log)
{
    /// <summary>How long the copy of removed events stays.</summary>
    public static readonly TimeSpan CopyLifetime = TimeSpan.FromDays(30);

    /// <summary>
    /// Number of unrelated events that end the range around duplicates. A writer numbers its events without gaps, unless writes are
    /// rejected, so one that continued has written some of the next few events.
    /// </summary>
    private const int LookAhead = 100;

    // Twice the maximum number of events in one call.
    private const int MaxEvents = 400_000;
    private const int Attempts = 3;
    private const int MaxNamedWriters = 5;

    private static readonly RedisScript Script = RedisScript.Load("remove-resurfaced");

    private readonly RedisKey _events = open.Keys.Events(persistenceId);

    /// <summary>Removes the events of failed writes around a number that has several events. Reads only the events around it.</summary>
    /// <returns>Whether the highest sequence number may have changed.</returns>
    /// <exception cref="InvalidDataException">The events do not show which of them were acknowledged. Nothing was removed.</exception>
    /// <exception cref="RedisException">Redis cannot be reached, or another actor keeps writing under the same id.</exception>
    public async Task<bool> RunAsync(long number, CancellationToken cancellation)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            var counted = await open
                .ExecuteAsync(redis => redis.StringGetAsync(open.Keys.Counter(persistenceId), CommandFlags.DemandMaster))
                .WaitAsync(cancellation)
                .ConfigureAwait(false);
            var counter = counted.TryParse(out long stored) ? stored : 0;
            var range = await ReadRangeAsync(number, cancellation).ConfigureAwait(false);
            if (range is null || !FailedWriteFinder.TryFind(range, counter, out var failed)) throw Undecided(number, range);
            if (failed.Count == 0) return false;

            var removed = await RemoveAsync(counted, failed, cancellation).ConfigureAwait(false);
            if (removed >= 0)
            {
                Log(failed, removed);
                return failed[^1].Number > counter;
            }
        }

        throw new RedisException(
            $"Several events of \"{persistenceId}\" have the sequence number {number}, and another actor is writing under this id. "
            + "Stop it, then start this actor again.");
    }

    private async Task<long> RemoveAsync(RedisValue counted, IReadOnlyList<StoredEntry> failed, CancellationToken cancellation)
    {
        RedisKey[] keys = [_events, open.Keys.Counter(persistenceId), open.Keys.Resurfaced(persistenceId)];
        RedisValue[] values =
        [
            counted.IsNull ? RedisValue.EmptyString : counted,
            (long)CopyLifetime.TotalSeconds,
            .. failed.Reverse().SelectMany(static entry => new[] { entry.Number, entry.Bytes }),
        ];
        return (long)await Script.RunGuardedAsync(open, keys, values).WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Reads the events around a duplicate number. Returns null if there are too many for a failed write.</summary>
    private async Task<List<StoredEntry>?> ReadRangeAsync(long number, CancellationToken cancellation)
    {
        var range = new DuplicateRange();
        var from = await FindStartAsync(number, cancellation).ConfigureAwait(false);
        for (var size = Math.Max(limits.InitialSize(cautious: 64), 2); range.Entries.Count <= MaxEvents;)
        {
            var page = await ReadPageAsync(from, double.PositiveInfinity, Order.Ascending, size, cancellation).ConfigureAwait(false);
            var isLast = page.Length < size;
            // The last number of a page may have more events than the page contains, so the next page starts with it.
            var complete = isLast ? page.Length : Array.FindIndex(page, entry => entry.Score == page[^1].Score);
            range.Add(page.AsSpan(0, complete));
            if (isLast || range.UnrelatedAtEnd >= LookAhead) return range.Entries;
            from = page[^1].Score;
            size = Math.Max(limits.NextSize(page), complete > 0 ? 2 : 2 * size);
        }

        return null;
    }

    /// <summary>Finds the last number below a duplicate one that has a single event, or the lowest number if there is none.</summary>
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
            size = Math.Max(limits.NextSize(page), 2 * size);
        }
    }

    private Task<SortedSetEntry[]> ReadPageAsync(double from, double to, Order order, int size, CancellationToken cancellation)
        => open
            .ExecuteAsync(redis => redis.SortedSetRangeByScoreWithScoresAsync(
                _events, from, to, order: order, take: size, flags: CommandFlags.DemandMaster))
            .WaitAsync(cancellation);

    private void Log(IReadOnlyList<StoredEntry> failed, long removed)
    {
        var writers = failed.GroupBy(static e => e.Writer).Select(static events => $"{Describe([.. events])} of writer {events.Key}");
        log.Warning(
            "Removed events of a failed write of \"{0}\" that Redis brought back after a crash: {1} ({2}). Acknowledged events have the "
            + "same numbers. A copy of the removed events stays in \"{3}\" for {4} days. Run BGREWRITEAOF to rewrite the append-only file.",
            persistenceId,
            removed,
            string.Join(", ", writers),
            open.Keys.Resurfaced(persistenceId),
            CopyLifetime.TotalDays);
    }

    private InvalidDataException Undecided(long number, List<StoredEntry>? range)
    {
        var duplicates = range?.GroupBy(static e => e.Number)
            .Where(static events => events.Skip(1).Any())
            .SelectMany(static events => events)
            .ToList() ?? [];
        var which = duplicates.Count > 0
            ? Describe(duplicates)
            : string.Create(CultureInfo.InvariantCulture, $"event {number} and above");
        var writers = duplicates
            .Select(static e => e.Writer.Length > 0 ? e.Writer : "unknown")
            .Distinct()
            .Order(StringComparer.Ordinal)
            .Take(MaxNamedWriters);
        return new InvalidDataException(
            $"\"{persistenceId}\" cannot recover: several of its events have the same sequence number ({which}; writers "
            + $"{string.Join(", ", writers)}), and they do not show which of them were acknowledged. Nothing was removed. Run "
            + $"'morag journal verify {persistenceId}' to see their times and ranks, then remove the wrong ones with ZREMRANGEBYRANK "
            + $"from \"{_events}\".");
    }

    private static string Describe(List<StoredEntry> events) => SequenceNrRange.Describe(events[0].Number, events[^1].Number);
}
