using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Reads the highest sequence number of a persistence id.</summary>
internal static class HighestSequenceNr
{
    private static readonly RedisScript Script = RedisScript.Load("highest");

    /// <summary>Returns the highest sequence number, or 0 if nothing was ever written under the id.</summary>
    /// <exception cref="WrongStoreException">Redis has another identity.</exception>
    public static async Task<long> ReadAsync(OpenConnection open, string persistenceId)
        => (await ReadWithDuplicateAsync(open, persistenceId).ConfigureAwait(false)).Highest;

    /// <summary>
    /// Also returns the stored highest number if several events have it and there are events above it, because those may have resurfaced.
    /// Returns null for it otherwise.
    /// </summary>
    /// <exception cref="WrongStoreException">Redis has another identity.</exception>
    public static async Task<(long Highest, long? Duplicate)> ReadWithDuplicateAsync(OpenConnection open, string persistenceId)
    {
        var reply = await Script
            .RunGuardedAsync(open, [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId)], [])
            .ConfigureAwait(false);
        return reply.Resp2Type == ResultType.Array ? ((long)reply[0], (long)reply[1]) : ((long)reply, null);
    }
}
