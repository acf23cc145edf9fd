using Akka.Configuration;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>Configurations of journal and snapshot store.</summary>
internal static class Plugins
{
    /// <summary>What Akka.Persistence brings along.</summary>
    public static Config InMemory { get; } = ConfigurationFactory.ParseString("""
        akka.persistence.journal.plugin = "akka.persistence.journal.inmem"
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
        """);

    /// <summary>For specs about the reason of a failure: however busy the machine is, no call takes so long that only that is said.</summary>
    public const string Patient = $"{RedisPersistence.JournalPluginId}.circuit-breaker.call-timeout = 60 s";

    /// <summary>Redis is both, and may take its time over values of many megabytes.</summary>
    public static Config Unhurried(RedisTestServer server) => On(
        server,
        $"{Patient}, {RedisPersistence.SnapshotStorePluginId}.circuit-breaker.call-timeout = 60 s",
        ",asyncTimeout=60000");

    /// <summary>Redis is both.</summary>
    public static Config On(RedisTestServer server, string settings = "", string connection = "")
        => At(server.ConnectionString + connection, settings);

    /// <summary>Redis is both, wherever it is.</summary>
    public static Config At(string connectionString, string settings = "")
        => ConfigurationFactory.ParseString($$"""
            akka.persistence.journal.plugin = "{{RedisPersistence.JournalPluginId}}"
            akka.persistence.snapshot-store.plugin = "{{RedisPersistence.SnapshotStorePluginId}}"
            {{RedisPersistence.JournalPluginId}}.configuration-string = "{{connectionString}}"
            {{RedisPersistence.SnapshotStorePluginId}}.configuration-string = "{{connectionString}}"
            {{settings}}
            """).WithFallback(RedisPersistence.DefaultConfig());
}
