using System.Threading.Channels;
using Akka.Actor;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Events;

/// <summary>
/// Forwards live events to one reader: first those that it missed, then those that happen. A reader that falls behind by more than its
/// buffer is disconnected.
/// </summary>
internal sealed class LiveEventsActor : ReceiveActor
{
    private readonly ChannelWriter<ServerSentEvent> stream;
    private readonly LiveEventSelection selection;
    private readonly List<NumberedLiveEvent> early = [];
    private bool replayed;
    private string? has;
    private long last;

    public LiveEventsActor(ChannelWriter<ServerSentEvent> stream, LiveEventSelection selection)
    {
        this.stream = stream;
        this.selection = selection;
        Receive<NumberedLiveEvent>(_ => !replayed, early.Add);
        Receive<NumberedLiveEvent>(Forward);
        Receive<Replay>(Start);
    }

    public static Props Props(ChannelWriter<ServerSentEvent> stream, LiveEventSelection selection) =>
        Akka.Actor.Props.Create(() => new LiveEventsActor(stream, selection));

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        stream.TryComplete();
    }

    private void Start(Replay replay)
    {
        replayed = true;
        has = replay.Has;
        if (replay.MayMiss)
        {
            var reason = "this node does not have every event since the last one that you received";
            Write(ServerSentEvent.Of(LiveEventNames.Gap, new LiveGapNotice { Reason = reason }));
        }

        foreach (var happened in replay.Events.Concat(early))
        {
            Forward(happened);
        }

        early.Clear();
        if (replay.Ends)
        {
            Write(ServerSentEvent.End);
            Context.Stop(Self);
        }
    }

    private void Forward(NumberedLiveEvent happened)
    {
        // What was replayed can arrive again from the event stream.
        if (happened.Number <= last)
        {
            return;
        }

        last = happened.Number;
        if (!selection.Includes(happened.Event))
        {
            return;
        }

        switch (happened.Event)
        {
            case DecisionMade made:
                Forward(LiveEventNames.Failure, made.Decision.FailureEvent, happened.FailureId);
                Forward(LiveEventNames.Decision, made.Decision, happened.Id);
                break;
            case DecisionResolved resolved:
                Forward(LiveEventNames.Resolved, resolved, happened.Id);
                break;
            case BreakerChanged changed:
                Forward(LiveEventNames.Breaker, changed, happened.Id);
                break;
            case WorkerChanged changed:
                Forward(LiveEventNames.Worker, changed, happened.Id);
                break;
            case AlertChanged changed:
                Forward(LiveEventNames.Alert, changed.Alert, happened.Id);
                break;
            default:
                throw new InvalidOperationException($"Unknown live event {happened.Event.GetType()}.");
        }
    }

    private void Forward<T>(string name, T data, string? id)
    {
        // The reader has a failure whose decision it lost.
        if (selection.Includes(name) && (id is null || id != has))
        {
            Write(ServerSentEvent.Of(name, data) with { Id = id });
        }
    }

    private void Write(ServerSentEvent next)
    {
        if (!stream.TryWrite(next))
        {
            stream.TryComplete(new ReaderTooSlowException());
            Context.Stop(Self);
        }
    }

    /// <summary>What a reader gets first.</summary>
    /// <param name="Events">The events.</param>
    /// <param name="MayMiss">Whether some before them may be missing.</param>
    /// <param name="Ends">Whether the stream ends after them.</param>
    /// <param name="Has">The id of the last event that the reader has; null if it has none.</param>
    internal sealed record Replay(IReadOnlyList<NumberedLiveEvent> Events, bool MayMiss, bool Ends, string? Has = null);
}
