using System.Threading.Channels;
using Akka.Actor;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Events;

/// <summary>
/// <c>GET /events</c>: live events. Delivery is best effort; a client that must not miss anything reads the lists instead.
/// </summary>
internal static class EventStreamEndpoint
{
    public static void MapEvents(this IEndpointRouteBuilder api) => api.MapGet("/events", Stream)
        .WithTags("Events")
        .DescribesStream(
            "Server-sent events: failure, decision, resolved, breaker, worker, alert, as they happen; gap if some may be missing after a "
            + "reconnect with Last-Event-ID");

    private static async Task Stream(
        HttpContext context,
        FailoverGateway gateway,
        ActorSystem system,
        RecentEvents recent,
        string? events,
        string? type,
        string? worker,
        string? task,
        string? last,
        string? once)
    {
        var selection = LiveEventSelection.Of(events, type, worker, task);
        var count = Rules.OptionalNumber(last, 0, RecentEvents.MaxEvents, 0, "last");
        var ends = Rules.Flag(once, "once");
        var lastId = context.Request.Headers[ServerSentEvent.LastIdHeader].ToString();

        // Two for each event, and the one that ends the stream.
        var most = gateway.Http.EventBuffer + (lastId.Length > 0 || count > 0 ? (2 * RecentEvents.MaxEvents) + 2 : 1);
        var stream = Channel.CreateBounded<ServerSentEvent>(most);
        var actor = system.ActorOf(LiveEventsActor.Props(stream.Writer, selection), $"events-{Guid.NewGuid():N}");
        try
        {
            // Before the client learns that the stream is open: what it reads in the lists after that must not miss an event. What happens
            // while the past is read is in both, and forwarded once.
            system.EventStream.Subscribe(actor, typeof(NumberedLiveEvent));
            var (before, mayMiss) = lastId.Length > 0 ? recent.After(lastId) : (recent.Last(count), false);
            actor.Tell(new LiveEventsActor.Replay(before, mayMiss, ends, lastId));
            await new ServerSentEvents(context, gateway).Write(stream.Reader);
        }
        finally
        {
            system.Stop(actor);
        }
    }
}
