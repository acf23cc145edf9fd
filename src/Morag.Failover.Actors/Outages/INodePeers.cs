using Akka.Cluster;

namespace Morag.Failover.Actors.Outages;

/// <summary>The other nodes of the cluster, as <see cref="GatewayWatch"/> needs them. Simulations have no cluster extension.</summary>
internal interface INodePeers
{
    /// <summary>Starts to tell an actor of other members and their reachability, from the current state on.</summary>
    void Subscribe(IActorRef subscriber);

    /// <summary>Ends what <see cref="Subscribe"/> started.</summary>
    void Unsubscribe(IActorRef subscriber);

    /// <summary>Whether a member is another node than this one.</summary>
    bool IsOther(Member member);

    /// <summary>The gateway watch of another node.</summary>
    ICanTell WatchOf(Address node);
}

/// <summary>The other members of the real cluster.</summary>
internal sealed class ClusterPeers(ActorSystem system) : INodePeers
{
    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(system);

    /// <inheritdoc />
    public void Subscribe(IActorRef subscriber) => cluster.Subscribe(
        subscriber,
        ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents,
        typeof(ClusterEvent.IMemberEvent),
        typeof(ClusterEvent.IReachabilityEvent));

    /// <inheritdoc />
    public void Unsubscribe(IActorRef subscriber) => cluster.Unsubscribe(subscriber);

    /// <inheritdoc />
    public bool IsOther(Member member) => member.UniqueAddress != cluster.SelfUniqueAddress;

    /// <inheritdoc />
    public ICanTell WatchOf(Address node) => system.ActorSelection(new RootActorPath(node) / "user" / GatewayWatch.Name);
}
