using Akka.Hosting;
using Akka.Persistence.Hosting;

namespace Morag.Persistence.Redis.Hosting;

/// <summary>Redis as journal and snapshot store of an actor system.</summary>
public static class RedisPersistenceHostingExtensions
{
    /// <summary>Makes Redis the default journal and the default snapshot store.</summary>
    /// <param name="builder">The actor system that is being configured.</param>
    /// <param name="configurationString">Where Redis is, in the form of StackExchange.Redis, for example <c>127.0.0.1:6379</c>.</param>
    /// <param name="keyPrefix">Put before every key; never to be changed once something is stored.</param>
    /// <param name="database">Number of the database, 0 or more.</param>
    /// <param name="journal">Event adapters and health checks of the journal.</param>
    /// <param name="snapshots">Health checks of the snapshot store.</param>
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
