using System.Globalization;

namespace Morag.Failover.Actors.Persistence;

/// <summary>The persistence ids. Frozen: what is stored is found by them.</summary>
public static class PersistenceIds
{
    /// <summary>A queue partition.</summary>
    public static string Queue(int partition) => "queue-" + partition.ToString(CultureInfo.InvariantCulture);

    /// <summary>A coordinator.</summary>
    public static string Coordinator(int partition) => "coordinator-" + partition.ToString(CultureInfo.InvariantCulture);

    /// <summary>A worker.</summary>
    public static string Worker(WorkerId worker) => "worker-" + worker.Value;

    /// <summary>A bucket of the directory.</summary>
    public static string DirectoryBucket(int bucket) => "directory-" + bucket.ToString(CultureInfo.InvariantCulture);
}
