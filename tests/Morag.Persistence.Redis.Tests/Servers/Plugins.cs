using Akka.Configuration;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>The configuration that makes Redis the journal and the snapshot store.</summary>
internal static class Plugins
{
    public static Config On(RedisTestServer server, string settings = "", string connection = "")
        => ConfigurationFactory.ParseString($$"""
            akka.persistence.journal.plugin = "{{RedisPersistence.JournalPluginId}}"
            akka.persistence.snapshot-store.plugin = "{{RedisPersistence.SnapshotStorePluginId}}"
            {{RedisPersistence.JournalPluginId}}.configuration-string = "{{server.ConnectionString}}{{connection}}"
            {{RedisPersistence.SnapshotStorePluginId}}.configuration-string = "{{server.ConnectionString}}{{connection}}"
            {{settings}}
            """).WithFallback(RedisPersistence.DefaultConfig());
}
