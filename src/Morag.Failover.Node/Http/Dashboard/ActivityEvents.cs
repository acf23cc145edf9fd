using Akka.Actor;
using Akka.Cluster;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>
/// Passes the live events of the cluster on to this node's record of activity, and tells it that nodes came, went or fell silent.
/// </summary>
internal sealed class ActivityEvents : ReceiveActor
{
    private readonly Akka.Cluster.Cluster cluster = Akka.Cluster.Cluster.Get(Context.System);

    public ActivityEvents(Action<IWireMessage> record, Action nodesChanged)
    {
        Receive<ILiveEvent>(record);
        Receive<TaskRecovered>(record);
        Receive<ClusterEvent.IClusterDomainEvent>(_ => nodesChanged());
        Receive<ClusterEvent.CurrentClusterState>(_ => nodesChanged());
    }

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(ILiveEvent));
        Context.System.EventStream.Subscribe(Self, typeof(TaskRecovered));
        cluster.Subscribe(Self, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.ReachabilityEvent));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        cluster.Unsubscribe(Self);
    }
}
