using Akka.Configuration;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Journal;

/// <summary>How much the journal asks for and sends at a time; <c>reference.conf</c> describes each.</summary>
internal sealed record JournalSettings
{
    /// <summary>How much recovery asks for at a time.</summary>
    public required PageLimits ReplayPage { get; init; }

    /// <summary>About the most bytes that all recoveries have asked for and not got yet.</summary>
    public required long ReplayBytesInFlight { get; init; }

    /// <summary>Most writes in one call of the script.</summary>
    public required int WriteBatchSize { get; init; }

    /// <summary>About the most bytes in one call of the script; a single write that is larger is a call of its own.</summary>
    public required long WriteBatchBytes { get; init; }

    /// <summary>Most calls of the script under way.</summary>
    public required int WritesInFlight { get; init; }

    /// <summary>Reads and checks the settings of one journal.</summary>
    /// <exception cref="ConfigurationException">A value is outside its range.</exception>
    public static JournalSettings Read(Config plugin, string path) => new()
    {
        ReplayPage = PageLimits.Read(plugin, path, "replay-page-size", "replay-page-bytes"),
        ReplayBytesInFlight = RedisSettings.ReadBytesInRange(plugin, path, "replay-bytes-in-flight", 1L << 20, 4L << 30),
        WriteBatchSize = (int)RedisSettings.ReadInRange(plugin, path, "write-batch-size", 1, 1000),
        WriteBatchBytes = RedisSettings.ReadBytesInRange(plugin, path, "write-batch-bytes", 16 * 1024, 16L * 1024 * 1024),
        WritesInFlight = (int)RedisSettings.ReadInRange(plugin, path, "writes-in-flight", 1, 100),
    };
}
