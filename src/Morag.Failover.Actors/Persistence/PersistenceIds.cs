using System.Globalization;

namespace Morag.Failover.Actors.Persistence;

/// <summary>The persistence ids. They never change, because stored data is found by them.</summary>
public static class PersistenceIds
{
    private const string QueuePrefix = "queue-";

    /// <summary>A queue partition.</summary>
    public static string Queue(int partition) => QueuePrefix + partition.ToString(CultureInfo.InvariantCulture);

    /// <summary>The queue partition that a persistence id belongs to; null for every other id.</summary>
    public static int? QueuePartition(string? persistenceId) =>
        persistenceId is not null
        && persistenceId.StartsWith(QueuePrefix, StringComparison.Ordinal)
        && int.TryParse(persistenceId.AsSpan(QueuePrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var partition)
            ? partition
            : null;

    /// <summary>The owner of alerts.</summary>
    public const string Alerts = "alerts";

    /// <summary>A coordinator.</summary>
    public static string Coordinator(int partition) => "coordinator-" + partition.ToString(CultureInfo.InvariantCulture);

    /// <summary>A worker.</summary>
    public static string Worker(WorkerId worker) => "worker-" + worker.Value;

    /// <summary>A bucket of the directory.</summary>
    public static string DirectoryBucket(int bucket) => "directory-" + bucket.ToString(CultureInfo.InvariantCulture);
}
