using Akka.Actor;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Sessions;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Streams;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>
/// <c>GET /workers/{id}/session</c>: a WebSocket, or a stream of server-sent events, that an agent keeps open. If the connection breaks
/// while this node is running, the worker's entity is told, because the worker may have died. It is not told soon after an outage of this
/// node: then the agent may have closed the connection because the node did not answer. Nor is it told if this node ended the connection,
/// unless it did so because a token expired.
/// </summary>
internal static class WorkerSessionEndpoint
{
    public static void MapWorkerSession(this IEndpointRouteBuilder api) => api.MapGet("/workers/{id}/session", Open)
        .WithTags("Workers")
        .OpenToWorkers(WorkerPlace.Path)
        .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
        .DescribesStream(
            "Server-sent events for the worker: lease_revoked, lease_extended, drain, resume, breaker, heartbeat, superseded, closed");

    private static async Task<IResult> Open(
        HttpContext context,
        FailoverGateway gateway,
        ActorSystem system,
        IOutageWatch outages,
        IServingPermit permit,
        string id,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "instance_id")] string? instanceId,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "session")] long? ordinal)
    {
        var session = new OpenSession
        {
            WorkerId = await WorkerEndpoints.Known(context, gateway, id),
            SessionId = Guid.NewGuid().ToString("N"),
            InstanceId = Rules.OptionalId<InstanceId>(instanceId, "instance_id"),
            Ordinal = ordinal is null or > 0 ? ordinal ?? 0 : throw ProblemException.Invalid("session", "must be above 0"),
        };
        var hasBeats = SessionSocket.IsRequested(context);
        if (hasBeats && (session.InstanceId is null || session.Ordinal == 0))
        {
            throw ProblemException.Invalid("session", "and instance_id are required for a WebSocket");
        }

        var sessions = WatchedSessions.Of(system);
        var watched = hasBeats ? sessions.Open(gateway.Settings.Workers, outages, permit) : null;
        var stream = new SessionStream(gateway.Http.EventBuffer);
        IActorRef actor = ActorRefs.Nobody;
        SessionEnd? end = null;
        var wasRefused = false;
        try
        {
            actor = system.ActorOf(
                WorkerSessionActor.Props(gateway.Regions.Workers, session, watched, stream), $"session-{session.SessionId}");
            if (await Opened(stream.Opened, gateway, context.RequestAborted) is { } refused)
            {
                // Unless the outcome is unknown, the entity has never known the session.
                wasRefused = refused.Reason != RefusalReason.Unavailable;
                return Problem.Of(refused);
            }

            end = await Serve(context, gateway, watched, stream);
            return Results.Empty;
        }
        finally
        {
            system.Stop(actor);
            if (watched is not null)
            {
                sessions.Close(watched, wasOpened: !wasRefused);
            }

            // Also if the client disconnected before the entity answered: the entity may know the session by now.
            end ??= context.RequestAborted.IsCancellationRequested ? SessionEnd.Worker : SessionEnd.Node;
            var sinceOutage = system.Scheduler.Now - outages.LastOutageEndedAt();
            if (end == SessionEnd.Worker && !gateway.Stopping.IsCancellationRequested
                && sinceOutage > gateway.Settings.Workers.SessionGrace)
            {
                gateway.Regions.Workers.Tell(
                    new SessionBroken { WorkerId = session.WorkerId, SessionId = session.SessionId }, ActorRefs.NoSender);
            }
        }
    }

    private static async Task<SessionEnd> Serve(
        HttpContext context, FailoverGateway gateway, WatchedSession? watched, SessionStream stream)
    {
        if (watched is null)
        {
            await new ServerSentEvents(context, gateway).Write(stream.Events);
            return context.RequestAborted.IsCancellationRequested ? SessionEnd.Worker : SessionEnd.Node;
        }

        using var socket = new SessionSocket(context, gateway, watched);
        return await socket.Run(stream.Events);
    }

    private static async Task<Refused?> Opened(Task<Refused?> opened, FailoverGateway gateway, CancellationToken cancellation)
    {
        try
        {
            return await opened.WaitAsync(gateway.Http.AnswerTimeout, cancellation);
        }
        catch (TimeoutException)
        {
            return Refused.Unavailable("the worker's entity did not answer");
        }
    }
}
