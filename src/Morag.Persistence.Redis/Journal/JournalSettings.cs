using Akka.Configuration;
using Morag.Persistence.Redis.Connection;

namespace Morag.Persistence.Redis.Journal;

/// <summary>Batch and page sizes of the journal. <c>reference.conf</c> describes each setting.</summary>
internal sealed record JournalSettings
{
    /// <summary>Page size of a recovery.</summary>
    public required PageLimits ReplayPage { get; init; }

    /// <summary>Approximate maximum number of bytes that all recoveries together have requested and not received.</summary>
    public required long ReplayBytesInFlight { get; init; }

    /// <summary>Maximum number of writes in one call.</summary>
    public required int WriteBatchSize { get; init; }

    /// <summary>Approximate maximum number of bytes in one call. A single write that is larger has a call of its own.</summary>
    public required long WriteBatchBytes { get; init; }

    /// <summary>Maximum number of write calls in flight.</summary>
    public required int WritesInFlight { get; init; }

    /// <summary>Reads and validates the settings of one journal.</summary>
    /// <exception cref="ConfigurationException">A value is out of range.</exception>
    public static JournalSettings Read(Config plugin, string path) => new()
    {
        ReplayPage = PageLimits.Read(plugin, path, "replay-page-size", "replay-page-bytes"),
        ReplayBytesInFlight = RedisSettings.ReadBytesInRange(plugin, path, "replay-bytes-in-flight", 1L << 20, 4L << 30),
        WriteBatchSize = (int)RedisSettings.ReadInRange(plugin, path, "write-batch-size", 1, 1000),
        WriteBatchBytes = RedisSettings.ReadBytesInRange(plugin, path, "write-batch-bytes", 16 * 1024, 16L * 1024 * 1024),
        WritesInFlight = (int)RedisSettings.ReadInRange(plugin, path, "writes-in-flight", 1, 100),
    };
}
