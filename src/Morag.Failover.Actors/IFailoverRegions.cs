namespace Morag.Failover.Actors;

/// <summary>
/// The way to the owners: tell a message of the contracts to its region, and it reaches the entity that its task, worker,
/// partition or bucket names, wherever in the cluster that is.
/// </summary>
public interface IFailoverRegions
{
    /// <summary>The queue partitions.</summary>
    IActorRef Queues { get; }

    /// <summary>The coordinators.</summary>
    IActorRef Coordinators { get; }

    /// <summary>The workers' entities.</summary>
    IActorRef Workers { get; }

    /// <summary>The buckets of the directory.</summary>
    IActorRef Directory { get; }
}
