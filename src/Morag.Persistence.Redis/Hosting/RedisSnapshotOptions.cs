using System.Text;
using Akka.Configuration;
using Akka.Persistence.Hosting;

namespace Morag.Persistence.Redis.Hosting;

/// <summary>Settings of the snapshot store for Akka.Hosting; what is not set keeps the default of <c>reference.conf</c>.</summary>
public sealed class RedisSnapshotOptions(bool isDefaultPlugin = true, string identifier = "redis") : SnapshotOptions(isDefaultPlugin)
{
    /// <summary>Where Redis is, in the form of StackExchange.Redis. Required.</summary>
    public required string ConfigurationString { get; set; }

    /// <summary>Put before every key; never to be changed once snapshots are stored.</summary>
    public string? KeyPrefix { get; set; }

    /// <summary>Number of the database, 0 or more.</summary>
    public int? Database { get; set; }

    /// <summary>Last part of the plugin id.</summary>
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
