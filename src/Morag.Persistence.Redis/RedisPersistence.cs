using Akka.Actor;
using Akka.Configuration;
using Morag.Persistence.Redis.Journal;

namespace Morag.Persistence.Redis;

/// <summary>The names and the default settings of the plugins.</summary>
public static class RedisPersistence
{
    /// <summary>Id of the journal plugin, for <c>akka.persistence.journal.plugin</c>.</summary>
    public const string JournalPluginId = "akka.persistence.journal.redis";

    /// <summary>Id of the snapshot store plugin, for <c>akka.persistence.snapshot-store.plugin</c>.</summary>
    public const string SnapshotStorePluginId = "akka.persistence.snapshot-store.redis";

    /// <summary>Id of the read journal plugin, for <c>PersistenceQuery.ReadJournalFor</c>.</summary>
    public const string ReadJournalPluginId = "akka.persistence.query.journal.redis";

    /// <summary>The only setting that is not of one plugin.</summary>
    internal static Config ConcurrentRecoveries => ConfigurationFactory.ParseString(
        $"{ConcurrentRecoveriesKey} = {DefaultConfig().GetInt(ConcurrentRecoveriesKey)}");

    private const string ConcurrentRecoveriesKey = "akka.persistence.max-concurrent-recoveries";

    /// <summary>
    /// Removes everything that is stored of a persistence id whose history is over: events, highest sequence number and snapshots, all at
    /// once. Who writes under the id again begins at 1. The snapshots have to be in the same Redis, under the same key prefix.
    /// </summary>
    /// <param name="system">The actor system.</param>
    /// <param name="persistenceId">The id.</param>
    /// <param name="sequenceNr">The highest sequence number that the caller knows of; 0 for an id without events.</param>
    /// <param name="timeout">How long to wait for Redis.</param>
    /// <exception cref="AskTimeoutException">Redis has not answered in time; whether anything was removed is unknown.</exception>
    /// <exception cref="InvalidOperationException">The highest sequence number is another; nothing was removed.</exception>
    public static Task EraseAsync(ActorSystem system, string persistenceId, long sequenceNr, TimeSpan timeout)
        => Akka.Persistence.Persistence.Instance.Apply(system)
            .JournalFor(JournalPluginId)
            .Ask<HistoryErased>(new EraseHistory(persistenceId, sequenceNr), timeout);

    /// <summary>Every setting of all plugins with its default, to be added as a fallback to the configuration of the actor system.</summary>
    public static Config DefaultConfig()
        => ConfigurationFactory.FromResource("Morag.Persistence.Redis.reference.conf", typeof(RedisPersistence).Assembly);
}
