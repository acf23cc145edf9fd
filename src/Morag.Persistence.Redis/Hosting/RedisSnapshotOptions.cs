using System.Text;
using Akka.Configuration;
using Akka.Persistence.Hosting;

namespace Morag.Persistence.Redis.Hosting;

/// <summary>Settings of the snapshot store for Akka.Hosting. Other settings keep the defaults of <c>reference.conf</c>.</summary>
public sealed class RedisSnapshotOptions(bool isDefaultPlugin = true, string identifier = "redis") : SnapshotOptions(isDefaultPlugin)
{
    /// <summary>Connection string of StackExchange.Redis. Required.</summary>
    public required string ConfigurationString { get; set; }

    /// <summary>Prefix of every key; empty by default. Do not change it once snapshots are stored.</summary>
    public string? KeyPrefix { get; set; }

    /// <summary>Number of the Redis database, 0 or more; 0 by default. Redis Cluster has only database 0.</summary>
    public int? Database { get; set; }

    /// <summary>Last part of the plugin id; <c>redis</c> by default.</summary>
    public override string Identifier { get; set; } = identifier;

    /// <inheritdoc/>
    protected override Config InternalDefaultConfig => RedisPersistence.DefaultConfig().GetConfig(RedisPersistence.SnapshotStorePluginId);

    /// <inheritdoc/>
    protected override StringBuilder Build(StringBuilder sb)
    {
        PluginSection.Append(sb, ConfigurationString, KeyPrefix, Database);
        return base.Build(sb);
    }
}
