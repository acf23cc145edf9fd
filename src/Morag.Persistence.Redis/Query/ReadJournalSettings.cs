using Akka.Configuration;
using Morag.Persistence.Redis.Connection;
using Morag.Persistence.Redis.Journal;

namespace Morag.Persistence.Redis.Query;

/// <summary>How often and how much queries read; <c>reference.conf</c> describes each.</summary>
internal sealed record ReadJournalSettings
{
    /// <summary>How often a live query of events looks for more.</summary>
    public required TimeSpan RefreshInterval { get; init; }

    /// <summary>How often the live query of persistence ids looks for new ones.</summary>
    public required TimeSpan PersistenceIdsRefreshInterval { get; init; }

    /// <summary>How much a query asks for at a time, and holds.</summary>
    public required PageLimits Buffer { get; init; }

    /// <summary>Reads and checks the settings of one read journal.</summary>
    /// <exception cref="ConfigurationException">A value is outside its range.</exception>
    public static ReadJournalSettings Read(Config plugin, string path) => new()
    {
        RefreshInterval = RedisSettings.ReadDurationInRange(
            plugin, path, "refresh-interval", TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(1)),
        PersistenceIdsRefreshInterval = RedisSettings.ReadDurationInRange(
            plugin, path, "persistence-ids-refresh-interval", TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1)),
        Buffer = PageLimits.Read(plugin, path, "max-buffer-size", "max-buffer-bytes"),
    };
}
