using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Journal;

/// <summary>The highest sequence number of a persistence id, as recovery would find it.</summary>
internal static class HighestNumber
{
    private static readonly RedisScript Script = RedisScript.Load("highest");

    /// <summary>0 where the id has never written.</summary>
    /// <exception cref="WrongStoreException">Redis is not the one that the journal belongs to.</exception>
    public static async Task<long> ReadAsync(OpenConnection open, string persistenceId)
        => (long)await Script
            .RunGuardedAsync(open, [open.Keys.Events(persistenceId), open.Keys.Counter(persistenceId)], [])
            .ConfigureAwait(false);
}
