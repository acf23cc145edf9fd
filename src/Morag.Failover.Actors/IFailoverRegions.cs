namespace Morag.Failover.Actors;

/// <summary>
/// The shard regions of the owners. A message sent to a region reaches the entity that its task, worker, partition or bucket names,
/// wherever in the cluster it runs.
/// </summary>
public interface IFailoverRegions
{
    /// <summary>The queue partitions.</summary>
    IActorRef Queues { get; }

    /// <summary>The coordinators.</summary>
    IActorRef Coordinators { get; }

    /// <summary>The workers' entities.</summary>
    IActorRef Workers { get; }

    /// <summary>The directory buckets.</summary>
    IActorRef Directory { get; }

    /// <summary>The owner of alerts.</summary>
    IActorRef Alerts { get; }
}
