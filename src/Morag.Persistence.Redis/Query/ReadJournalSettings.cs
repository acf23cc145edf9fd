using Akka.Configuration;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;

namespace Morag.Persistence.Redis.Query;

/// <summary>Settings of queries. <c>reference.conf</c> describes each setting.</summary>
internal sealed record ReadJournalSettings
{
    /// <summary>How often a live query for events checks for new ones.</summary>
    public required TimeSpan RefreshInterval { get; init; }

    /// <summary>How often the live query for persistence ids checks for new ones.</summary>
    public required TimeSpan PersistenceIdsRefreshInterval { get; init; }

    /// <summary>Size of a page, which is also the maximum that a query buffers.</summary>
    public required PageLimits Buffer { get; init; }

    /// <summary>Reads and validates the settings of one read journal.</summary>
    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    public static ReadJournalSettings Read(Config plugin, string path) => new()
    {
        RefreshInterval = RedisSettings.ReadDurationInRange(
            plugin, path, "refresh-interval", TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
        PersistenceIdsRefreshInterval = RedisSettings.ReadDurationInRange(
            plugin, path, "persistence-ids-refresh-interval", TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)),
        Buffer = PageLimits.Read(plugin, path, "max-buffer-size", "max-buffer-bytes"),
    };
}
