namespace Morag.Failover.Contracts.Workers;

/// <summary>The limits of registrations, reports and drains.</summary>
public static class WorkerLimits
{
    /// <summary>
    /// Ids that no worker may have, because the HTTP API uses them in place of a worker id. Their case does not matter: see
    /// <see cref="IsReserved"/>.
    /// </summary>
    public static ImmutableArray<string> ReservedIds { get; } = ["stats", "register"];

    /// <summary>Whether no worker may have an id. The paths of the HTTP API ignore case, and so does this.</summary>
    public static bool IsReserved(string? id) => id is not null && ReservedIds.Contains(id, StringComparer.OrdinalIgnoreCase);

    /// <summary>The most bytes in UTF-8 of a name, a content type, a GPU model, or the key or value of a tag.</summary>
    public const int MaxTextBytes = 200;

    /// <summary>The most bytes in UTF-8 of a host name.</summary>
    public const int MaxHostnameBytes = 255;

    /// <summary>The most bytes in UTF-8 of an IP address.</summary>
    public const int MaxAddressBytes = 64;

    /// <summary>The most content types, GPU models, queues or tags of one worker.</summary>
    public const int MaxListEntries = 100;

    /// <summary>The most tasks that one worker may hold at once.</summary>
    public const int MaxConcurrentTasks = 10_000;

    /// <summary>The shortest heartbeat interval, in seconds.</summary>
    public const double MinHeartbeatSeconds = 0.1;

    /// <summary>The longest heartbeat interval, in seconds.</summary>
    public const double MaxHeartbeatSeconds = 3600;

    /// <summary>The most CPU cores.</summary>
    public const int MaxCpuCores = 100_000;

    /// <summary>The most GPUs.</summary>
    public const int MaxGpuCount = 10_000;

    /// <summary>The most main memory, or memory of one GPU, in GiB.</summary>
    public const int MaxMemoryGb = 1_000_000;

    /// <summary>The most free disk space, in GiB.</summary>
    public const int MaxDiskSpaceGb = 1_000_000_000;

    /// <summary>The highest network latency, in milliseconds.</summary>
    public const int MaxLatencyMs = 1_000_000;

    /// <summary>The longest that a task on which a worker reports a success may have taken, in seconds: 365 days.</summary>
    public const int MaxDurationSeconds = 365 * 24 * 3600;

    /// <summary>The longest time that a drain may leave a worker its leases, in seconds: 30 days.</summary>
    public const int MaxDrainSeconds = 30 * 24 * 3600;
}
