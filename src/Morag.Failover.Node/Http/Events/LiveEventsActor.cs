using System.Threading.Channels;
using Akka.Actor;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Events;

/// <summary>Forwards this node's live events to one reader. A reader that falls behind by more than its buffer is disconnected.</summary>
internal sealed class LiveEventsActor : ReceiveActor
{
    private readonly ChannelWriter<ServerSentEvent> stream;

    public LiveEventsActor(ChannelWriter<ServerSentEvent> stream)
    {
        this.stream = stream;
        Receive<DecisionMade>(made =>
        {
            Forward(ServerSentEvent.Of(LiveEventNames.Failure, made.Decision.FailureEvent));
            Forward(ServerSentEvent.Of(LiveEventNames.Decision, made.Decision));
        });
        Receive<DecisionResolved>(resolved => Forward(ServerSentEvent.Of(LiveEventNames.Resolved, resolved)));
        Receive<BreakerChanged>(changed => Forward(ServerSentEvent.Of(LiveEventNames.Breaker, changed)));
        Receive<AlertChanged>(changed => Forward(ServerSentEvent.Of(LiveEventNames.Alert, changed.Alert)));
        Receive<WorkerChanged>(changed => Forward(ServerSentEvent.Of(LiveEventNames.Worker, changed)));
    }

    public static Props Props(ChannelWriter<ServerSentEvent> stream) => Akka.Actor.Props.Create(() => new LiveEventsActor(stream));

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        stream.TryComplete();
    }

    private void Forward(ServerSentEvent next)
    {
        if (!stream.TryWrite(next))
        {
            stream.TryComplete(new ReaderTooSlowException());
            Context.Stop(Self);
        }
    }
}
