namespace Morag.Failover.Contracts.Wire;

/// <summary>The limits of one call. HTTP, the owners, the agent and the CLI all read them here.</summary>
public static class CallLimits
{
    /// <summary>The maximum body size of an HTTP call in bytes, except for the calls of the next two limits.</summary>
    public const int MaxBodyBytes = 1024 * 1024;

    /// <summary>
    /// The maximum body size in bytes of an HTTP call that lists what a worker holds: room for the ids, epochs and progress of the maximum
    /// number of leases of one worker.
    /// </summary>
    public const int MaxListBodyBytes = 4 * 1024 * 1024;

    /// <summary>The maximum body size in bytes of an HTTP call with payloads or results.</summary>
    public const int MaxPayloadBodyBytes = 8 * 1024 * 1024;

    /// <summary>
    /// The maximum size in bytes of an answer that a client reads into memory. Those of nodes stay below
    /// <see cref="MessageLimits.MaxBytes"/>; a larger one comes from another server.
    /// </summary>
    public const int MaxAnswerBytes = 2 * MessageLimits.MaxBytes;

    /// <summary>The maximum number of entries of an array body.</summary>
    public const int MaxEntries = 1_000;

    /// <summary>The maximum number of entries of one page of a list.</summary>
    public const int MaxPage = 1_000;

    /// <summary>The default number of entries of one page.</summary>
    public const int DefaultPage = 100;

    /// <summary>The maximum number of leases that one call can request.</summary>
    public const int MaxLeases = 1_000;

    /// <summary>The maximum time in seconds that a request for leases waits for the first one.</summary>
    public const int MaxWaitSeconds = 30;

    /// <summary>The maximum length of a reason in bytes of UTF-8.</summary>
    public const int MaxReasonBytes = 1_000;
}
