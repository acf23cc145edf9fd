namespace Morag.Failover.Contracts.Queues;

/// <summary>What a task may carry. Every part of the system that checks one of these limits reads it here.</summary>
public static class TaskLimits
{
    /// <summary>The default of <c>morag.failover.queues.max-payload</c>: the most bytes of one payload or result, as compact JSON in UTF-8.</summary>
    public const int DefaultMaxPayloadBytes = 256 * 1024;

    /// <summary>The least that <c>max-payload</c> may be set to, in bytes.</summary>
    public const int LeastMaxPayloadBytes = 1024;

    /// <summary>The most that <c>max-payload</c> may be set to, in bytes.</summary>
    public const int MostMaxPayloadBytes = 1024 * 1024;

    /// <summary>The most bytes of quality settings, as compact JSON in UTF-8.</summary>
    public const int MaxQualityBytes = 16 * 1024;

    /// <summary>The most bytes in UTF-8 of a content type.</summary>
    public const int MaxContentTypeBytes = 200;

    /// <summary>The shortest time that a lease may be given, in seconds.</summary>
    public const int MinTimeoutSeconds = 1;

    /// <summary>The longest time that a lease may be given, in seconds: 30 days.</summary>
    public const int MaxTimeoutSeconds = 30 * 24 * 3600;

    /// <summary>The most failures of its own that a task may be allowed before it is parked.</summary>
    public const int MaxRetries = 100;

    /// <summary>The most memory or disk space that a task may require, in GiB.</summary>
    public const int MaxResourceGb = 1_000_000;

    /// <summary>The longest duration that a task may be estimated at, in minutes.</summary>
    public const int MaxEstimatedMinutes = 1_000_000;

    /// <summary>The least time by which one call extends a lease, in seconds.</summary>
    public const int MinExtensionSeconds = 1;

    /// <summary>The most time by which one call extends a lease, in seconds: 24 hours.</summary>
    public const int MaxExtensionSeconds = 24 * 3600;
}
