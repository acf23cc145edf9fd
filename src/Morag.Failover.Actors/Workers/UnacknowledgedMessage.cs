namespace Morag.Failover.Actors.Workers;

/// <summary>Identifies a message of a worker's entity that is resent until it is acknowledged.</summary>
/// <param name="Kind">What the message is.</param>
/// <param name="Partition">The queue partition that gets it; 0 for the directory.</param>
internal readonly record struct UnacknowledgedMessage(UnacknowledgedKind Kind, int Partition);

/// <summary>The kinds of messages that a worker's entity resends.</summary>
internal enum UnacknowledgedKind
{
    /// <summary>The worker's entry, for the directory.</summary>
    Entry,

    /// <summary>The next fence, for a queue partition.</summary>
    Fence,

    /// <summary>The question which leases a queue partition holds for the worker.</summary>
    HeldLeases,

    /// <summary>The leases that the worker gives back to a queue partition.</summary>
    Returns,

    /// <summary>What operators did, for a coordinator.</summary>
    Audit,
}
