using Akka.Cluster.Tools.Client;
using Akka.Cluster.Tools.PublishSubscribe;
using Akka.Configuration;
using Morag.Failover.Actors.Serialization;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// What an actor system outside the cluster needs to reach the owners with Akka.NET's <c>ClusterClient</c>; see docs/cluster-client.md.
/// </summary>
public static class FailoverClient
{
    /// <summary>Where <c>ClusterClient.Send</c> reaches the queue partitions.</summary>
    public const string Queues = "/system/sharding/" + ShardedRegions.QueueType;

    /// <summary>Where it reaches the coordinators.</summary>
    public const string Coordinators = "/system/sharding/" + ShardedRegions.CoordinatorType;

    /// <summary>Where it reaches the workers' entities.</summary>
    public const string Workers = "/system/sharding/" + ShardedRegions.WorkerType;

    /// <summary>Where it reaches the buckets of the directory.</summary>
    public const string Directory = "/system/sharding/" + ShardedRegions.DirectoryType;

    /// <summary>
    /// The serializers of the contracts and of the client itself. Put it above Akka.NET's own configuration, and add
    /// <c>akka.actor.provider = remote</c> and <c>akka.cluster.client.initial-contacts</c>.
    /// </summary>
    public static Config Config { get; } = FailoverSerialization.Config
        .WithFallback(ClusterClientReceptionist.DefaultConfig())
        .WithFallback(DistributedPubSub.DefaultConfig());

    /// <summary>Lets clients reach the owners through this node.</summary>
    internal static void Admit(ActorSystem system, IFailoverRegions regions)
    {
        var receptionist = ClusterClientReceptionist.Get(system);
        receptionist.RegisterService(regions.Queues);
        receptionist.RegisterService(regions.Coordinators);
        receptionist.RegisterService(regions.Workers);
        receptionist.RegisterService(regions.Directory);
    }
}
