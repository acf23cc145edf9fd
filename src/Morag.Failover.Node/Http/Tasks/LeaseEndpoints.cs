using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>The calls of a worker about a task that it holds.</summary>
internal static class LeaseEndpoints
{
    public static void MapLeases(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("/tasks/{id}").WithTags("Tasks");
        tasks.MapPost("extend", Extend).OpenToWorkers(WorkerPlace.Body).Reads<ExtendLeaseRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<LeaseAnswer>("Extend a lease");
        tasks.MapPost("progress", Report).OpenToWorkers(WorkerPlace.Body).Reads<ReportProgressRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<ProgressAnswer>("Report progress and a checkpoint; 409 if the lease has ended");
        tasks.MapPost("release", Release).OpenToWorkers(WorkerPlace.Body).Reads<LeaseRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<LeaseAnswer>("Release a lease; this does not count as a failure");
        tasks.MapPost("complete", Complete).OpenToWorkers(WorkerPlace.Body).Reads<CompleteTaskRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<LeaseAnswer>("Complete a task with its result; 409 if the lease has ended");
        tasks.MapPost("fail", Fail).OpenToWorkers(WorkerPlace.Body).Reads<FailTaskRequest>()
            .Refuses(StatusCodes.Status409Conflict)
            .Describes<FailoverDecision>("Report that a task failed; answered with the decision, or with 409 if the lease has ended");
    }

    private static async Task<IResult> Extend(HttpContext context, FailoverGateway gateway, string id)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        var request = await JsonBody.Read<ExtendLeaseRequest>(context);
        return Single(await gateway.AskQueues<LeaseResults>(
            new ExtendLease
            {
                TaskId = task,
                WorkerId = context.RequireWorker(Rules.Required(request.WorkerId, "worker_id")),
                Epoch = Rules.Required(request.Epoch, "epoch"),
                By = Rules.Seconds(
                    Rules.Required(request.Seconds, "seconds"), TaskLimits.MinExtensionSeconds, TaskLimits.MaxExtensionSeconds, "seconds"),
            },
            context.RequestAborted));
    }

    private static async Task<IResult> Report(HttpContext context, FailoverGateway gateway, string id)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        var request = await JsonBody.Read<ReportProgressRequest>(context);
        var reply = await gateway.AskQueues<LeaseResults>(
            new ReportProgress
            {
                TaskId = task,
                WorkerId = context.RequireWorker(Rules.Required(request.WorkerId, "worker_id")),
                Epoch = Rules.Required(request.Epoch, "epoch"),
                Percent = request.Percent is { } percent ? Rules.InRange(percent, 0, 100, "percent") : null,
                Message = request.Message is { } message ? Rules.Text(message, TaskLimits.MaxProgressMessageBytes, "message") : null,
                Checkpoint = request.Checkpoint is { } checkpoint
                    ? Rules.Json(checkpoint, TaskLimits.MaxCheckpointBytes, "checkpoint")
                    : null,
            },
            context.RequestAborted);
        return reply.Results[0] switch
        {
            { Refused: { } refused } => Problem.Of(refused),
            var kept => Answer.Ok(new ProgressAnswer { TaskId = kept.TaskId, Epoch = kept.Epoch, Stored = kept.Stored ?? false }),
        };
    }

    private static async Task<IResult> Release(HttpContext context, FailoverGateway gateway, string id)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        var request = await JsonBody.Read<LeaseRequest>(context);
        return Single(await gateway.AskQueues<LeaseResults>(
            new ReleaseLeases
            {
                Partition = Partition.Of(task, gateway.Settings.Partitions.Queues),
                WorkerId = context.RequireWorker(Rules.Required(request.WorkerId, "worker_id")),
                Leases = [new LeaseRef { TaskId = task, Epoch = Rules.Required(request.Epoch, "epoch") }],
                Reason = "released by its worker",
            },
            context.RequestAborted));
    }

    private static async Task<IResult> Complete(HttpContext context, FailoverGateway gateway, string id)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        var request = await JsonBody.Read<CompleteTaskRequest>(context, JsonBody.MaxBytesWithPayloads);
        var completion = new TaskCompletion
        {
            TaskId = task,
            Epoch = Rules.Required(request.Epoch, "epoch"),
            Result = Rules.Json(request.Result ?? default, gateway.Settings.Queues.MaxPayload, "result"),
        };
        return Single(await gateway.AskQueues<LeaseResults>(
            new CompleteTasks
            {
                Partition = Partition.Of(task, gateway.Settings.Partitions.Queues),
                WorkerId = context.RequireWorker(Rules.Required(request.WorkerId, "worker_id")),
                Completions = [completion],
            },
            context.RequestAborted));
    }

    private static async Task<IResult> Fail(HttpContext context, FailoverGateway gateway, string id)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        var request = await JsonBody.Read<FailTaskRequest>(context);
        var report = FailureReports.FromHolder(request, task, context.RequireWorker(Rules.Required(request.WorkerId, "worker_id")));
        return await gateway.Answer(gateway.Regions.Coordinators, report, TimeSpan.Zero, context.RequestAborted) switch
        {
            FailoverDecision decision => Answer.Ok(decision),
            FailureStale stale => Problem.Stale(stale.Detail),
            Refused refused => Problem.Of(refused),
            var other => throw new InvalidOperationException($"ReportFailure was answered with {other.GetType().Name}"),
        };
    }

    private static IResult Single(LeaseResults results) => results.Results[0] switch
    {
        { Refused: { } refused } => Problem.Of(refused),
        var accepted => Answer.Ok(new LeaseAnswer
        {
            TaskId = accepted.TaskId,
            Epoch = accepted.Epoch,
            Accepted = true,
            Deadline = accepted.Deadline,
        }),
    };
}
