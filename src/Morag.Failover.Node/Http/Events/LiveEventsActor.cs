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
            Forward(ServerSentEvent.Of("failure", made.Decision.FailureEvent));
            Forward(ServerSentEvent.Of("decision", made.Decision));
        });
        Receive<DecisionResolved>(resolved => Forward(ServerSentEvent.Of("resolved", resolved)));
        Receive<BreakerChanged>(changed => Forward(ServerSentEvent.Of("breaker", changed)));
        Receive<WorkerChanged>(changed => Forward(ServerSentEvent.Of("worker", changed)));
    }

    public static Props Props(ChannelWriter<ServerSentEvent> stream) => Akka.Actor.Props.Create(() => new LiveEventsActor(stream));

    protected override void PreStart() => Context.System.EventStream.Subscribe(Self, typeof(ILiveEvent));

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
