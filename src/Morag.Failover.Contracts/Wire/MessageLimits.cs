namespace Morag.Failover.Contracts.Wire;

/// <summary>Size limits, in bytes unless they say otherwise, of messages, stored events and HTTP answers.</summary>
public static class MessageLimits
{
    /// <summary>
    /// The maximum size of a message between nodes, a stored event, a part of a snapshot, and a response of the HTTP API.
    /// </summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>
    /// The maximum estimated size of a batch in one message, event or response: granted leases, entries of a list, submissions. It is a
    /// quarter of <see cref="MaxBytes"/>, because an estimate can be half of the real size and a single entry can be larger.
    /// </summary>
    public const int MaxGatheredBytes = MaxBytes / 4;

    /// <summary>The maximum estimated size of a message with several entries from outside; a larger one is rejected.</summary>
    public const int MaxBatchBytes = 3 * 1024 * 1024;
}
