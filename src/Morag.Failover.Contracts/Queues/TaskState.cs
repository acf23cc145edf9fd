namespace Morag.Failover.Contracts.Queues;

/// <summary>Where a task is in its life.</summary>
public enum TaskState
{
    /// <summary>It can be leased.</summary>
    Queued,

    /// <summary>It can be leased once its delay is over.</summary>
    Delayed,

    /// <summary>A worker holds it.</summary>
    Leased,

    /// <summary>Its lease ended and its decision is under way.</summary>
    Deciding,

    /// <summary>A completion was accepted.</summary>
    Succeeded,

    /// <summary>It waits for an operator.</summary>
    Parked,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}
