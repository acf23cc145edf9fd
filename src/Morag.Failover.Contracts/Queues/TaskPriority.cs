namespace Morag.Failover.Contracts.Queues;

/// <summary>The order inside a queue: higher first, then oldest first. A number on the wire.</summary>
public enum TaskPriority
{
    /// <summary>Whenever there is nothing else.</summary>
    Batch = 1,

    /// <summary>After the normal ones.</summary>
    Low = 3,

    /// <summary>The default.</summary>
    Normal = 5,

    /// <summary>Before the normal ones.</summary>
    High = 8,

    /// <summary>Before all others.</summary>
    Urgent = 10,
}
