using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Stores;

namespace Morag.Failover.Node.Cluster;

/// <summary>
/// How a node becomes a member: through its seeds, or as a cluster of one. A node that meets members on another journal leaves: two
/// journals under one cluster would be two truths.
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
            refusal.Say(
                $"The node stops: it stores in {identity.Role}, but the cluster's member {other.Address} in {otherRole ?? "none that it names"}. "
                + $"Give it the Redis of the cluster ({NodeSetting.Redis.Variable})");
        }
    }
}
