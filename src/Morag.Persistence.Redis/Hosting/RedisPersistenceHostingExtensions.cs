using Akka.Hosting;
using Akka.Persistence.Hosting;

namespace Morag.Persistence.Redis.Hosting;

/// <summary>Configures Redis as journal and snapshot store of an actor system.</summary>
public static class RedisPersistenceHostingExtensions
{
    /// <summary>Makes Redis the default journal and the default snapshot store.</summary>
    /// <param name="builder">The builder of the actor system.</param>
    /// <param name="configurationString">Connection string of StackExchange.Redis, for example <c>127.0.0.1:6379</c>.</param>
    /// <param name="keyPrefix">Prefix of every key. Do not change it once data is stored.</param>
    /// <param name="database">Number of the Redis database, 0 or more.</param>
    /// <param name="journal">Adds event adapters and health checks to the journal.</param>
    /// <param name="snapshots">Adds health checks to the snapshot store.</param>
    public static AkkaConfigurationBuilder WithRedisPersistence(
        this AkkaConfigurationBuilder builder,
        string configurationString,
        string keyPrefix = "",
        int database = 0,
        Action<AkkaPersistenceJournalBuilder>? journal = null,
        Action<AkkaPersistenceSnapshotBuilder>? snapshots = null)
        => builder
            .AddHocon(RedisPersistence.ConcurrentRecoveries, HoconAddMode.Append)
            .WithJournalAndSnapshot(
            new RedisJournalOptions { ConfigurationString = configurationString, KeyPrefix = keyPrefix, Database = database },
            new RedisSnapshotOptions { ConfigurationString = configurationString, KeyPrefix = keyPrefix, Database = database },
            journal ?? (static _ => { }),
            snapshots ?? (static _ => { }));
}
