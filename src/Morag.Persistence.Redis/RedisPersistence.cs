using Akka.Actor;
using Akka.Configuration;
using Morag.Persistence.Redis.Journal;

namespace Morag.Persistence.Redis;

/// <summary>Ids and default settings of the plugins.</summary>
public static class RedisPersistence
{
    /// <summary>Id of the journal plugin, for <c>akka.persistence.journal.plugin</c>.</summary>
    public const string JournalPluginId = "akka.persistence.journal.redis";

    /// <summary>Id of the snapshot store plugin, for <c>akka.persistence.snapshot-store.plugin</c>.</summary>
    public const string SnapshotStorePluginId = "akka.persistence.snapshot-store.redis";

    /// <summary>Id of the read journal plugin, for <c>PersistenceQuery.ReadJournalFor</c>.</summary>
    public const string ReadJournalPluginId = "akka.persistence.query.journal.redis";

    private const string ConcurrentRecoveriesKey = "akka.persistence.max-concurrent-recoveries";

    /// <summary>The only default outside the sections of the plugins.</summary>
    internal static Config ConcurrentRecoveries => ConfigurationFactory.ParseString(
        $"{ConcurrentRecoveriesKey} = {DefaultConfig().GetInt(ConcurrentRecoveriesKey)}");

    /// <summary>
    /// Atomically deletes everything that is stored for a persistence id: events, highest sequence number and snapshots. A later actor
    /// with this id starts at sequence number 1. The snapshots must be in the journal's Redis, under the same key prefix. No actor with
    /// this id may be running.
    /// </summary>
    /// <param name="system">The actor system.</param>
    /// <param name="persistenceId">The persistence id.</param>
    /// <param name="sequenceNr">The expected highest sequence number. 0 if the id has no events.</param>
    /// <param name="timeout">Time limit for Redis.</param>
    /// <exception cref="AskTimeoutException">Redis did not reply in time. The data may or may not have been deleted.</exception>
    /// <exception cref="InvalidOperationException">
    /// The highest sequence number is not <paramref name="sequenceNr"/>. Nothing was deleted.
    /// </exception>
    public static Task EraseAsync(ActorSystem system, string persistenceId, long sequenceNr, TimeSpan timeout)
        => Akka.Persistence.Persistence.Instance.Apply(system)
            .JournalFor(JournalPluginId)
            .Ask<HistoryErased>(new EraseHistory(persistenceId, sequenceNr), timeout);

    /// <summary>All settings of the plugins with their defaults. Add it as a fallback to the configuration of the actor system.</summary>
    public static Config DefaultConfig()
        => ConfigurationFactory.FromResource("Morag.Persistence.Redis.reference.conf", typeof(RedisPersistence).Assembly);
}
