using Akka.Cluster.Tools.Client;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Morag.Failover.Actors.Serialization;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// The paths and configuration that let an actor system outside the cluster send messages with Akka.NET's <c>ClusterClient</c>. See
/// docs/cluster-client.md.
/// </summary>
public static class FailoverClient
{
    /// <summary>The <c>ClusterClient.Send</c> path of the queue partitions.</summary>
    public const string Queues = "/system/sharding/" + ShardedRegions.QueueType;

    /// <summary>The path of the coordinators.</summary>
    public const string Coordinators = "/system/sharding/" + ShardedRegions.CoordinatorType;

    /// <summary>The path of the workers' entities.</summary>
    public const string Workers = "/system/sharding/" + ShardedRegions.WorkerType;

    /// <summary>The path of the directory buckets.</summary>
    public const string Directory = "/system/sharding/" + ShardedRegions.DirectoryType;

    /// <summary>The path of the owner of alerts.</summary>
    public const string Alerts = "/system/sharding/" + ShardedRegions.AlertType;

    /// <summary>
    /// The serializers of the contracts and of the cluster client. It must take precedence over Akka.NET's own configuration. Also set
    /// <c>akka.actor.provider = remote</c> and <c>akka.cluster.client.initial-contacts</c>.
    /// </summary>
    public static Config Config { get; } = FailoverSerialization.Config
        .WithFallback(ClusterClientReceptionist.DefaultConfig())
        .WithFallback(DistributedPubSub.DefaultConfig());

    /// <summary>Registers the regions, so that cluster clients can reach them through this node.</summary>
    internal static void Admit(ActorSystem system, IFailoverRegions regions)
    {
        var receptionist = ClusterClientReceptionist.Get(system);
        receptionist.RegisterService(regions.Queues);
        receptionist.RegisterService(regions.Coordinators);
        receptionist.RegisterService(regions.Workers);
        receptionist.RegisterService(regions.Directory);
        receptionist.RegisterService(regions.Alerts);
    }
}
