using Morag.Persistence.Redis.Connection;
using StackExchange.Redis;

namespace Morag.Persistence.Redis.Journal;

/// <summary>The highest sequence number of a persistence id, as recovery would find it.</summary>
internal static class HighestSequenceNr
{
    private static readonly RedisScript Script = RedisScript.Load("highest");

    /// <summary>0 where the id has never written.</summary>
    /// <exception cref="WrongStoreException">Redis is not the one that the journal belongs to.</exception>
    public static async Task<long> ReadAsync(OpenConnection open, string persistenceId)
        => (await ReadWithDisputeAsync(open, persistenceId).ConfigureAwait(false)).Highest;

    /// <summary>
    /// The same, and a number that has several events while there are events above the stored highest number; null if there is none.
    /// </summary>
    /// <exception cref="WrongStoreException">Redis is not the one that the journal belongs to.</exception>
    public static async Task<(long Highest, long? Disputed)> ReadWithDisputeAsync(OpenConnection open, string persistenceId)
    {
        var answer = await Script
            .RunGuardedAsync(open, [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId)], [])
            .ConfigureAwait(false);
        return answer.Resp2Type == ResultType.Array ? ((long)answer[0], (long)answer[1]) : ((long)answer, null);
    }
}
