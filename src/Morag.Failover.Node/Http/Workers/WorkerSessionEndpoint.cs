using System.Threading.Channels;
using Akka.Actor;
using Morag.Failover.Actors.Outages;
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
/// <c>GET /workers/{id}/session</c>: server-sent events that an agent keeps open. If the connection breaks while this node is running,
/// the worker's entity is told, because the worker may have died. It is not told soon after an outage of this node: then the agent may have
/// given up the connection because nobody answered.
/// </summary>
internal static class WorkerSessionEndpoint
{
    public static void MapWorkerSession(this IEndpointRouteBuilder api) => api.MapGet("/workers/{id}/session", Open)
        .WithTags("Workers")
        .OpenToWorkers(WorkerPlace.Path)
        .DescribesStream("Server-sent events for the worker: lease_revoked, drain, resume, breaker, superseded, closed");

    private static async Task<IResult> Open(
        HttpContext context,
        FailoverGateway gateway,
        ActorSystem system,
        IOutageWatch outages,
        string id,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "instance_id")] string? instanceId)
    {
        var session = new OpenSession
        {
            WorkerId = await WorkerEndpoints.Known(context, gateway, id),
            SessionId = Guid.NewGuid().ToString("N"),
            InstanceId = Rules.OptionalId<InstanceId>(instanceId, "instance_id"),
        };
        var stream = Channel.CreateBounded<ServerSentEvent>(gateway.Http.EventBuffer);
        var opened = new TaskCompletionSource<Refused?>(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = system.ActorOf(
            WorkerSessionActor.Props(gateway.Regions.Workers, session, stream.Writer, opened), $"session-{session.SessionId}");
        try
        {
            if (await Opened(opened.Task, gateway, context.RequestAborted) is { } refused)
            {
                return Problem.Of(refused);
            }

            await new ServerSentEvents(context, gateway).Write(stream.Reader);
            return Results.Empty;
        }
        finally
        {
            system.Stop(actor);

            // Also if the client disconnected before the entity answered: the entity may know the session by now.
            var sinceOutage = system.Scheduler.Now - outages.LastOutageEndedAt();
            if (context.RequestAborted.IsCancellationRequested && !gateway.Stopping.IsCancellationRequested
                && sinceOutage > gateway.Settings.Workers.SessionGrace)
            {
                gateway.Regions.Workers.Tell(
                    new SessionBroken { WorkerId = session.WorkerId, SessionId = session.SessionId }, ActorRefs.NoSender);
            }
        }
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
