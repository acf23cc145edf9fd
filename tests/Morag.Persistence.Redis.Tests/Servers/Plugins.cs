using Akka.Configuration;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>Configurations with a journal and a snapshot store.</summary>
internal static class Plugins
{
    /// <summary>The in-memory plugins of Akka.Persistence.</summary>
    public static Config InMemory { get; } = ConfigurationFactory.ParseString("""
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        """);

    /// <summary>
    /// A call timeout that is long enough even on a busy machine, for tests that expect another failure than a timeout.
    /// </summary>
    public const string Patient = $"{RedisPersistence.JournalPluginId}.circuit-breaker.call-timeout = 60 s";

    /// <summary>Redis plugins with long timeouts, for values of many megabytes.</summary>
    public static Config Unhurried(RedisTestServer server) => On(
        server,
        $"{Patient}, {RedisPersistence.SnapshotStorePluginId}.circuit-breaker.call-timeout = 60 s",
        ",asyncTimeout=60000");

    /// <summary>Redis plugins on a test server.</summary>
    public static Config On(RedisTestServer server, string settings = "", string connection = "")
        => At(server.ConnectionString + connection, settings);

    /// <summary>Redis plugins with a connection string.</summary>
    public static Config At(string connectionString, string settings = "")
        => ConfigurationFactory.ParseString($$"""
            akka.persistence.journal.plugin = "{{RedisPersistence.JournalPluginId}}"
            akka.persistence.snapshot-store.plugin = "{{RedisPersistence.SnapshotStorePluginId}}"
            {{RedisPersistence.JournalPluginId}}.configuration-string = "{{connectionString}}"
            {{RedisPersistence.SnapshotStorePluginId}}.configuration-string = "{{connectionString}}"
            {{settings}}
            """).WithFallback(RedisPersistence.DefaultConfig());
}
