namespace Morag.Failover.Contracts.Wire;

/// <summary>How much one call may carry. Every part of the system that checks one of these limits reads it here.</summary>
public static class CallLimits
{
    /// <summary>The most bytes in the body of an HTTP call, except for the calls that the next two limits name.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    /// <summary>
    /// The most bytes in the body of an HTTP call that lists what a worker holds: room for the ids, epochs and progress of as many leases
    /// as
    /// one worker may hold.
    /// </summary>
    public const int MaxListBodyBytes = 4 * 1024 * 1024;

    /// <summary>The most bytes in the body of an HTTP call that carries payloads or results.</summary>
    public const int MaxPayloadBodyBytes = 8 * 1024 * 1024;

    /// <summary>The most entries in an array body.</summary>
    public const int MaxEntries = 1_000;

    /// <summary>The most entries of one page of a list.</summary>
    public const int MaxPage = 1_000;

    /// <summary>The entries of one page where the caller does not say.</summary>
    public const int DefaultPage = 100;

    /// <summary>The most leases that one call may ask for.</summary>
    public const int MaxLeases = 1_000;

    /// <summary>The longest time that a call for leases may wait for the first of them, in seconds.</summary>
    public const int MaxWaitSeconds = 30;

    /// <summary>The most bytes in UTF-8 of a reason.</summary>
    public const int MaxReasonBytes = 1_000;
}
