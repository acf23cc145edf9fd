using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Workers;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>The calls of a worker: register, heartbeat, lease, successes.</summary>
internal static class WorkerCallEndpoints
{
    public static void MapWorkerCalls(this IEndpointRouteBuilder api)
    {
        var workers = api.MapGroup("/workers").WithTags("Workers");

        // Anonymous, because the token can be in the body; the call itself checks it.
        workers.MapPost("register", Register).AllowAnonymous().OpenToWorkers(WorkerPlace.Body).Reads<RegisterRequest>()
            .Describes<RegisteredAnswer>("Register a worker or renew its registration");
        workers.MapPost("{id}/heartbeat", Heartbeat).OpenToWorkers(WorkerPlace.Path).Reads<HeartbeatRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<HeartbeatReply>("Send a heartbeat; answered with the leases that the worker should hold");
        workers.MapPost("{id}/lease", Lease).OpenToWorkers(WorkerPlace.Path).Reads<LeaseWorkRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<LeasedTask[]>("Lease tasks; waits up to wait_seconds for the first one");
        workers.MapPost("{id}/successes", Successes).OpenToWorkers(WorkerPlace.Path).Reads<SuccessRequest[]>()
            .Describes<WorkerReliabilityScore>("Report successes on tasks that are not in any queue here, for the worker's score");
    }

    private static async Task<IResult> Register(HttpContext context, FailoverGateway gateway, AccessTokens tokens)
    {
        var request = await JsonBody.Read<RegisterRequest>(context);
        _ = tokens.Admit(context, instead: request.AuthToken);
        var registration = Rules.Required(request.Registration, "registration").ToRegistration(gateway.Settings.Queues);
        _ = context.RequireWorker(registration.WorkerId);

        // Asked first, so that a rejected worker starts no entity.
        var bucket = Partition.Of(registration.WorkerId, gateway.Settings.Partitions.DirectoryBuckets);
        var admit = new AdmitWorker { Bucket = bucket, WorkerId = registration.WorkerId };
        _ = await gateway.Ask<Done>(gateway.Regions.Directory, admit, TimeSpan.Zero, context.RequestAborted);
        var reply = await gateway.AskWorkers<WorkerRegisteredReply>(
            new RegisterWorker { Registration = registration }, context.RequestAborted);
        return Answer.Ok(new RegisteredAnswer
        {
            WorkerId = reply.WorkerId,
            Message = reply.Message,
            MaxResultBytes = gateway.Settings.Queues.MaxPayload,
        });
    }

    private static async Task<IResult> Heartbeat(HttpContext context, FailoverGateway gateway, string id)
    {
        var worker = Rules.Id<WorkerId>(id, "worker_id");
        var request = await JsonBody.Read<HeartbeatRequest>(context, JsonBody.MaxBytesWithLists);
        return Answer.Ok(await gateway.AskWorkers<HeartbeatReply>(request.ToHeartbeat(worker), context.RequestAborted));
    }

    private static async Task<IResult> Lease(HttpContext context, FailoverGateway gateway, string id)
    {
        var worker = Rules.Id<WorkerId>(id, "worker_id");
        var request = await JsonBody.Read<LeaseWorkRequest>(context);
        var demand = new RequestLeases
        {
            WorkerId = worker,
            MaxTasks = Rules.InRange(request.MaxTasks ?? 1, 1, CallLimits.MaxLeases, "max_tasks"),
            Wait = Rules.Seconds(request.WaitSeconds ?? 0, 0, CallLimits.MaxWaitSeconds, "wait_seconds"),
            Queues = [.. Rules.AtMost(request.Queues, WorkerLimits.MaxListEntries, "queues").Select((queue, index) => QueueRules.Known(
                Rules.Required(queue, JsonPath.Item("queues", index)), gateway.Settings.Queues, JsonPath.Item("queues", index)))],
            RequestId = request.RequestId,
            InstanceId = request.InstanceId,
        };

        // The request cannot be withdrawn. When the caller disconnects, the node stops, or the worker's entity may have ended with another
        // node, the call ends at once, and leases that are granted afterwards are released without blame, unless the worker may repeat the
        // call on another node and get them there.
        var memberLost = gateway.MemberLost;
        var granted = gateway.Ask<LeasesGranted>(gateway.Regions.Workers, demand, demand.Wait, CancellationToken.None);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, gateway.Stopping, memberLost);
        try
        {
            var leases = (await granted.WaitAsync(over.Token)).Leases;
            if (!context.RequestAborted.IsCancellationRequested)
            {
                return Answer.Ok(leases);
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // Answered below.
        }

        _ = ReportWhenGranted(gateway, demand, granted);
        if (memberLost.IsCancellationRequested)
        {
            throw new ProblemException(Problem.Of(Refused.Unavailable(
                "A node left the cluster and may have held this request. Retry with the same request_id.")));
        }

        return Answer.Ok(Array.Empty<LeasedTask>());
    }

    // Best effort: if the message is lost, the worker's next heartbeats show that it does not hold the leases.
    private static async Task ReportWhenGranted(FailoverGateway gateway, RequestLeases demand, Task<LeasesGranted> granted)
    {
        try
        {
            if ((await granted).Leases is { IsEmpty: false } leases)
            {
                gateway.Regions.Workers.Tell(
                    new LeasesUndelivered
                    {
                        WorkerId = demand.WorkerId,
                        IsRepeatable = demand.RequestId is not null,
                        Leases = [.. leases.Select(lease => new LeaseRef { TaskId = lease.TaskId, Epoch = lease.Epoch })],
                    },
                    Akka.Actor.ActorRefs.NoSender);
            }
        }
        catch (ProblemException)
        {
            // Nothing was granted, as far as this node knows.
        }
    }

    private static async Task<IResult> Successes(HttpContext context, FailoverGateway gateway, string id)
    {
        var worker = Rules.Id<WorkerId>(id, "worker_id");
        var (requests, _) = await JsonBody.ReadMany<SuccessRequest>(context, JsonBody.MaxBytes, orOne: false);
        var record = new RecordSuccesses
        {
            WorkerId = worker,
            Successes = [.. requests.Select((request, index) => Named(request.ToSuccess(JsonPath.Item("", index))))],
        };
        return Answer.Ok(await gateway.AskWorkers<WorkerReliabilityScore>(record, context.RequestAborted));
    }

    /// <summary>Names a success that its reporter has not named: the gateway may send it again, and it must count once.</summary>
    private static ReportedSuccess Named(ReportedSuccess success) =>
        success.EventId is null ? success with { EventId = Contracts.Ids.EventId.Generate() } : success;
}
