using System.Threading.Channels;
using Akka.Actor;
using Morag.Failover.Contracts.Live;
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
        .DescribesStream("Server-sent events: failure, decision, resolved, breaker, worker, alert, as they happen");

    private static async Task Stream(HttpContext context, FailoverGateway gateway, ActorSystem system)
    {
        var stream = Channel.CreateBounded<ServerSentEvent>(gateway.Http.EventBuffer);
        var actor = system.ActorOf(LiveEventsActor.Props(stream.Writer), $"events-{Guid.NewGuid():N}");
        try
        {
            // Before the client learns that the stream is open: what it reads in the lists after that must not miss an event.
            system.EventStream.Subscribe(actor, typeof(ILiveEvent));
            await new ServerSentEvents(context, gateway).Write(stream.Reader);
        }
        finally
        {
            system.Stop(actor);
        }
    }
}
