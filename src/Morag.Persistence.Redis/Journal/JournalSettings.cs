using Akka.Configuration;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Journal;

/// <summary>How much the journal asks for and sends at a time; <c>reference.conf</c> describes each.</summary>
internal sealed record JournalSettings
{
    /// <summary>Most events in a page of recovery.</summary>
    public required int ReplayPageSize { get; init; }

    /// <summary>About the most bytes in a page of recovery.</summary>
    public required long ReplayPageBytes { get; init; }

    /// <summary>Most writes in one call of the script.</summary>
    public required int WriteBatchSize { get; init; }

    /// <summary>Most calls of the script under way.</summary>
    public required int WritesInFlight { get; init; }

    /// <summary>Reads and checks the settings of one journal.</summary>
    /// <exception cref="ConfigurationException">A value is outside its range.</exception>
    public static JournalSettings Read(Config plugin, string path) => new()
    {
        ReplayPageSize = (int)RedisSettings.ReadInRange(plugin, path, "replay-page-size", 1, 100_000),
        ReplayPageBytes = RedisSettings.ReadBytesInRange(plugin, path, "replay-page-bytes", 1024, 256L * 1024 * 1024),
        WriteBatchSize = (int)RedisSettings.ReadInRange(plugin, path, "write-batch-size", 1, 1000),
        WritesInFlight = (int)RedisSettings.ReadInRange(plugin, path, "writes-in-flight", 1, 100),
    };
}
