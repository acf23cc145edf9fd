using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// How a node becomes a member: through its seeds, or as a cluster of one. A node that meets members on another journal leaves: two
/// journals under one cluster would be two truths.
/// </summary>
internal sealed class Membership : UntypedActor
{
    private readonly ClusterIdentity identity;
    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);
    private readonly ILoggingAdapter log = Context.GetLogger();

    public Membership(ClusterIdentity identity) => this.identity = identity;

    protected override void PreStart() =>
        cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.MemberUp));

    protected override void PostStop() => cluster.Unsubscribe(Self);

    protected override void OnReceive(object message)
    {
        if (message is not ClusterEvent.MemberUp { Member: var other } || other.UniqueAddress.Equals(cluster.SelfUniqueAddress))
        {
            return;
        }

        var otherRole = ClusterIdentity.RoleAmong(other.Roles);
        if (otherRole != identity.Role && !cluster.SelfMember.IsOlderThan(other))
        {
            log.Error(
                "this node stores in journal {0}, but the cluster's member {1} in {2}: it leaves; give it the cluster's Redis (MORAG_REDIS)",
                identity.Role, other.Address, otherRole ?? "none that it names");
            CoordinatedShutdown.Get(Context.System).Run(CoordinatedShutdown.ClusterJoinUnsuccessfulReason.Instance);
        }
    }
}
