namespace Morag.Failover.Contracts.Wire;

/// <summary>Size limits, in bytes unless they say otherwise, of messages, stored events and HTTP answers.</summary>
public static class MessageLimits
{
    /// <summary>
    /// The most bytes of one message between nodes, of one stored event or part of a snapshot, and of one answer of the HTTP API.
    /// </summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>
    /// The most bytes, by estimate, that are gathered into one message, event or answer: granted leases, entries of a list, submissions.
    /// It is a quarter of <see cref="MaxBytes"/>, since an estimate may be half of the real size and a single entry may be larger.
    /// </summary>
    public const int MaxGatheredBytes = MaxBytes / 4;

    /// <summary>The most bytes, by estimate, of a message with several entries that comes from outside; a larger one is refused.</summary>
    public const int MaxBatchBytes = 3 * 1024 * 1024;
}
