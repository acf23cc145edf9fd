using Akka.Cluster.Sharding;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// The regions of cluster sharding. Each is looked up on first use, because entities start before all regions have started.
/// </summary>
public sealed class ShardedRegions(ActorSystem system) : IFailoverRegions
{
    /// <summary>The type name of the queue partitions. The nodes of a cluster find entities by type name, so it never changes.</summary>
    public const string QueueType = "queue";

    /// <summary>The type name of the coordinators.</summary>
    public const string CoordinatorType = "coordinator";

    /// <summary>The type name of the workers.</summary>
    public const string WorkerType = "worker";

    /// <summary>The type name of the directory buckets.</summary>
    public const string DirectoryType = "directory";

    /// <summary>The type name of the owner of alerts.</summary>
    public const string AlertType = "alerts";

    private IActorRef? queues;
    private IActorRef? coordinators;
    private IActorRef? workers;
    private IActorRef? directory;
    private IActorRef? alerts;

    /// <inheritdoc />
    public IActorRef Queues => queues ??= Region(QueueType);

    /// <inheritdoc />
    public IActorRef Coordinators => coordinators ??= Region(CoordinatorType);

    /// <inheritdoc />
    public IActorRef Workers => workers ??= Region(WorkerType);

    /// <inheritdoc />
    public IActorRef Directory => directory ??= Region(DirectoryType);

    /// <inheritdoc />
    public IActorRef Alerts => alerts ??= Region(AlertType);

    private IActorRef Region(string typeName) => ClusterSharding.Get(system).ShardRegion(typeName);
}
