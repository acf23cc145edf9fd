namespace Morag.Failover.Contracts.Queues;

/// <summary>The states of a task.</summary>
public enum TaskState
{
    /// <summary>Waits for a worker.</summary>
    Queued = 0,

    /// <summary>Waits for its retry delay to end.</summary>
    Delayed = 1,

    /// <summary>A worker holds it.</summary>
    Leased = 2,

    /// <summary>Its lease ended in failure and the failover decision is pending.</summary>
    Deciding = 3,

    /// <summary>A completion was accepted. Final.</summary>
    Succeeded = 4,

    /// <summary>Waits for an operator.</summary>
    Parked = 5,

    /// <summary>Was cancelled. Final.</summary>
    Cancelled = 6,
}
