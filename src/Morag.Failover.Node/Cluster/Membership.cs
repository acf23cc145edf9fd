using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// Stops this node if the cluster has older members on another journal. All nodes of a cluster must share one journal.
/// </summary>
internal sealed class Membership : UntypedActor
{
    private readonly ClusterIdentity identity;
    private readonly Refusal refusal;
    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);

    public Membership(ClusterIdentity identity, Refusal refusal)
    {
        this.identity = identity;
        this.refusal = refusal;
    }

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
            refusal.Stop(
                $"The node stops: its journal is {identity.Role}, but the cluster member {other.Address} uses "
                + $"{otherRole ?? "an unknown journal"}. Point this node to the Redis of the cluster ({NodeSetting.Redis.Variable})");
        }
    }
}
