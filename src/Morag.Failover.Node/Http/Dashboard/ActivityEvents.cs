using Akka.Actor;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Passes the live events of the cluster on to this node's record of activity.</summary>
internal sealed class ActivityEvents : ReceiveActor
{
    public ActivityEvents(Action<ILiveEvent> record) => Receive<ILiveEvent>(record);

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ILiveEvent));

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
