using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>The highest sequence number of a persistence id, as recovery would find it.</summary>
internal static class HighestNumber
{
    private static readonly RedisScript Script = RedisScript.Load("highest");

    /// <summary>0 where the id has never written.</summary>
    /// <exception cref="WrongStoreException">Redis is not the one that the journal belongs to.</exception>
    public static async Task<long> ReadAsync(OpenConnection open, string persistenceId)
        => (long)await RunAsync(open, persistenceId, withSurplus: false).ConfigureAwait(false);

    /// <summary>The same, and whether there are more events than sequence numbers, so that some number has several.</summary>
    /// <exception cref="WrongStoreException">Redis is not the one that the journal belongs to.</exception>
    public static async Task<(long Highest, bool HasSurplus)> ReadWithSurplusAsync(OpenConnection open, string persistenceId)
    {
        var answer = await RunAsync(open, persistenceId, withSurplus: true).ConfigureAwait(false);
        return ((long)answer[0], (long)answer[1] > 0);
    }

    private static Task<RedisResult> RunAsync(OpenConnection open, string persistenceId, bool withSurplus)
        => Script.RunGuardedAsync(open, [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId)], [withSurplus ? 1 : 0]);
}
