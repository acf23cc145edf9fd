namespace Morag.Failover.Contracts.Queues;

/// <summary>Limits of a task. HTTP, the queues, the agent and the CLI all read them here.</summary>
public static class TaskLimits
{
    /// <summary>
    /// The default of <c>morag.failover.queues.max-payload</c>: the most bytes of one payload or result, as compact JSON in UTF-8.
    /// </summary>
    public const int DefaultMaxPayloadBytes = 256 * 1024;

    /// <summary>The lowest allowed <c>max-payload</c>, in bytes.</summary>
    public const int LeastMaxPayloadBytes = 1024;

    /// <summary>The highest allowed <c>max-payload</c>, in bytes.</summary>
    public const int MostMaxPayloadBytes = 1024 * 1024;

    /// <summary>The most bytes of quality settings, as compact JSON in UTF-8.</summary>
    public const int MaxQualityBytes = 16 * 1024;

    /// <summary>The most bytes in UTF-8 of a progress message.</summary>
    public const int MaxProgressMessageBytes = 1_000;

    /// <summary>The most bytes of a checkpoint, as compact JSON in UTF-8.</summary>
    public const int MaxCheckpointBytes = 16 * 1024;

    /// <summary>The most bytes in UTF-8 of a content type.</summary>
    public const int MaxContentTypeBytes = 200;

    /// <summary>The shortest lease, in seconds.</summary>
    public const int MinTimeoutSeconds = 1;

    /// <summary>The longest lease, in seconds: 30 days.</summary>
    public const int MaxTimeoutSeconds = 30 * 24 * 3600;

    /// <summary>The highest allowed number of a task's own failures before it is parked.</summary>
    public const int MaxRetries = 100;

    /// <summary>The most memory or disk space that a task may require, in GiB.</summary>
    public const int MaxResourceGb = 1_000_000;

    /// <summary>The longest estimated duration, in minutes.</summary>
    public const int MaxEstimatedMinutes = 1_000_000;

    /// <summary>The shortest extension of a lease in one call, in seconds.</summary>
    public const int MinExtensionSeconds = 1;

    /// <summary>The longest extension of a lease in one call, in seconds: 24 hours.</summary>
    public const int MaxExtensionSeconds = 24 * 3600;
}
