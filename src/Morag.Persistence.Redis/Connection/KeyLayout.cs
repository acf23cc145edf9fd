using StackExchange.Redis;

namespace Morag.Persistence.Redis.Connection;

/// <summary>The names of the keys. On a cluster all keys of one persistence id are in one slot.</summary>
/// <param name="Prefix">Put before every key.</param>
/// <param name="OnCluster">Whether this is Redis Cluster, where each write has to stay in one slot.</param>
internal sealed record KeyLayout(string Prefix, bool OnCluster)
{
    private const string CounterSuffix = ":highestSequenceNr";

    /// <summary>The sorted set of the events of one persistence id.</summary>
    public RedisKey Events(string persistenceId) => SlotTag(persistenceId) + Prefix + "journal:persisted:" + persistenceId;

    /// <summary>The highest sequence number of one persistence id.</summary>
    public RedisKey Counter(string persistenceId) => SlotTag(persistenceId) + Prefix + "journal:persisted:" + persistenceId + CounterSuffix;

    /// <summary>The sorted set of the snapshots of one persistence id.</summary>
    public RedisKey Snapshots(string persistenceId) => SlotTag(persistenceId) + Prefix + "snapshot:" + persistenceId;

    /// <summary>Refuses an id whose events would be where another id has its highest sequence number.</summary>
    /// <exception cref="ArgumentException">The id cannot be stored.</exception>
    public static void CheckPersistenceId(string persistenceId)
    {
        if (persistenceId.EndsWith(CounterSuffix, StringComparison.Ordinal))
            throw new ArgumentException($"The persistence id \"{persistenceId}\" cannot be stored: it ends in \"{CounterSuffix}\", which is the key of another id's highest sequence number.", nameof(persistenceId));
    }

    private string SlotTag(string persistenceId) => OnCluster ? "{__" + persistenceId + "}." : string.Empty;
}
