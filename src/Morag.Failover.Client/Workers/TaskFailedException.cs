using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Client.Workers;

/// <summary>A handler throws it to say of which type a failure is.</summary>
/// <param name="failureType">The type, which decides what happens to the task and who is blamed.</param>
/// <param name="message">What went wrong. It is cut to 8,192 bytes.</param>
/// <param name="cause">The exception behind it; null if there is none.</param>
public sealed class TaskFailedException(FailureType failureType, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>The type of the failure.</summary>
    public FailureType FailureType { get; } = failureType;

    /// <summary>Further details, a JSON object of at most 16 KiB.</summary>
    public JsonText Context { get; init; } = JsonText.EmptyObject;
}
