using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Layout;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>
/// Events of a write that failed, that Redis forgot in a crash, and that it remembers after a later one. A server that finds its
/// append-only file cut within a transaction drops the rest of the transaction, but leaves its beginning in the file and writes on behind
/// it: the next start runs that beginning together with the transaction that follows. (redis-server 7.0 and 7.2, Valkey until its change
/// 4342.) Other events have been acknowledged under the same numbers by then.
/// </summary>
internal static class ResurfacedEvents
{
    private static readonly RedisScript Script = RedisScript.Load("supplant");

    /// <summary>
    /// Removes of each sequence number all events but the one that was written last, and where there were such, also those above the
    /// stored highest number.
    /// </summary>
    /// <returns>How many were removed. 0 where the times do not tell which event is the later one, or somebody has written meanwhile.</returns>
    /// <exception cref="WrongStoreException">Redis is not the one that the journal belongs to.</exception>
    public static async Task<long> RemoveAsync(OpenConnection open, string persistenceId, PageLimits limits)
    {
        var (superseded, count) = await FindAsync(open, open.Keys.Events(persistenceId), limits).ConfigureAwait(false);
        if (superseded.Count == 0) return 0;
        RedisKey[] keys = [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId)];
        return (long)await Script.RunGuardedAsync(open, keys, [count, .. superseded]).ConfigureAwait(false);
    }

    private static async Task<(List<RedisValue> Superseded, long Count)> FindAsync(OpenConnection open, RedisKey events, PageLimits limits)
    {
        var superseded = new List<RedisValue>();
        SortedSetEntry? latest = null;
        var size = limits.First(cautious: 64);
        for (var rank = 0L; ;)
        {
            var (from, to) = (rank, rank + size - 1);
            var page = await open
                .AskAsync(redis => redis.SortedSetRangeByRankWithScoresAsync(events, from, to, flags: CommandFlags.DemandMaster))
                .ConfigureAwait(false);
            foreach (var entry in page)
            {
                if (latest is { } before && before.Score == entry.Score)
                {
                    var (older, newer) = WrittenAt(before) <= WrittenAt(entry) ? (before, entry) : (entry, before);
                    if (WrittenAt(older) > 0 && WrittenAt(older) < WrittenAt(newer)) superseded.Add(older.Element);
                    latest = newer;
                }
                else
                {
                    latest = entry;
                }
            }

            rank += page.Length;
            if (page.Length < size) return (superseded, rank);
            size = limits.After(page);
        }
    }

    /// <summary>In UTC ticks; 0 where it is not known, as of an entry that cannot be read: that is told by the replay that follows.</summary>
    private static long WrittenAt(SortedSetEntry entry)
    {
        try
        {
            return StoredEventHeader.Read(((ReadOnlyMemory<byte>)entry.Element).Span).Timestamp;
        }
        catch (FormatException)
        {
            return 0;
        }
    }
}
