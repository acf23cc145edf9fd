namespace Morag.Failover.Contracts.Queues;

/// <summary>The order within a queue: higher first, then oldest first. A number on the wire.</summary>
public enum TaskPriority
{
    /// <summary>Runs when nothing else waits.</summary>
    Batch = 1,

    /// <summary>Runs after normal tasks.</summary>
    Low = 3,

    /// <summary>The default.</summary>
    Normal = 5,

    /// <summary>Runs before normal tasks.</summary>
    High = 8,

    /// <summary>Runs before all others.</summary>
    Urgent = 10,
}
