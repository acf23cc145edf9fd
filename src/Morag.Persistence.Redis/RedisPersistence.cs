using Akka.Configuration;

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

    /// <summary>Every setting of all plugins with its default, to be added as a fallback to the configuration of the actor system.</summary>
    public static Config DefaultConfig()
        => ConfigurationFactory.FromResource("Morag.Persistence.Redis.reference.conf", typeof(RedisPersistence).Assembly);
}
