using Akka.Configuration;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Query;

/// <summary>How often and how much queries read; <c>reference.conf</c> describes each.</summary>
internal sealed record ReadJournalSettings
{
    /// <summary>How often a live query of events looks for more.</summary>
    public required TimeSpan RefreshInterval { get; init; }

    /// <summary>How often the live query of persistence ids looks for new ones.</summary>
    public required TimeSpan PersistenceIdsRefreshInterval { get; init; }

    /// <summary>Most events that a query holds.</summary>
    public required int MaxBufferSize { get; init; }

    /// <summary>About the most bytes of events that a query holds.</summary>
    public required long MaxBufferBytes { get; init; }

    /// <summary>Reads and checks the settings of one read journal.</summary>
    /// <exception cref="ConfigurationException">A value is outside its range.</exception>
    public static ReadJournalSettings Read(Config plugin, string path) => new()
    {
        RefreshInterval = RedisSettings.ReadDurationInRange(
            plugin, path, "refresh-interval", TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
        PersistenceIdsRefreshInterval = RedisSettings.ReadDurationInRange(
            plugin, path, "persistence-ids-refresh-interval", TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)),
        MaxBufferSize = (int)RedisSettings.ReadInRange(plugin, path, "max-buffer-size", 1, 100_000),
        MaxBufferBytes = RedisSettings.ReadBytesInRange(plugin, path, "max-buffer-bytes", 1024, 256L * 1024 * 1024),
    };
}
