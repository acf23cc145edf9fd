using Akka.Cluster.Tools.PublishSubscribe;
using Morag.Failover.Contracts.Live;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Forwards live events to the event stream of every other node, so that a subscriber on one node sees the events of all.
/// </summary>
internal sealed class LiveEventBridge : UntypedActor
{
    private const string Topic = "failover-live";

    private readonly IActorRef mediator = DistributedPubSub.Get(Context.System).Mediator;

    protected override void PreStart()
    {
        mediator.Tell(new Subscribe(Topic, Self));
        Context.System.EventStream.Subscribe<ILiveEvent>(Self);
        Context.System.EventStream.Subscribe<TaskRecovered>(Self);
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case SubscribeAck:
            case ILiveEvent or TaskRecovered when Sender.Equals(Self):
                // This bridge published it; ignore the echo from the topic or the stream.
                break;
            case ILiveEvent or TaskRecovered when IsBridge(Sender):
                Context.System.EventStream.Publish(message);
                break;
            case ILiveEvent or TaskRecovered:
                mediator.Tell(new Publish(Topic, message));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private bool IsBridge(IActorRef sender) => sender.Path.ToStringWithoutAddress() == Self.Path.ToStringWithoutAddress();
}
