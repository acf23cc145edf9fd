using System.Security.Cryptography;
using System.Text;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>
/// <c>POST /workers/{id}/offline</c>: an operator declares a worker lost. Its leases end, and the response lists the decisions about its
/// tasks and about the affected tasks outside every queue here. Decisions that take longer than the wait are left out and their tasks are
/// named in the header <c>Undecided-Tasks</c>; the decisions are still made.
/// </summary>
internal static class WorkerOfflineEndpoint
{
    private static readonly TimeSpan DecisionWait = TimeSpan.FromSeconds(10);

    public static void MapWorkerOffline(this IEndpointRouteBuilder api) => api.MapPost("/workers/{id}/offline", TakeOfflineFromBody)
        .WithTags("Workers")
        .Reads<OfflineRequest>()
        .Describes<FailoverDecision[]>("Operator: declare a worker lost; answered with the decisions about its tasks");

    private static async Task<IResult> TakeOfflineFromBody(HttpContext context, FailoverGateway gateway, string id) =>
        await TakeOffline(context, gateway, id, await JsonBody.Read<OfflineRequest>(context));

    /// <summary>Declares a worker lost.</summary>
    internal static async Task<IResult> TakeOffline(HttpContext context, FailoverGateway gateway, string id, OfflineRequest request)
    {
        var worker = Rules.Id<WorkerId>(id, "worker_id");
        var reason = Rules.Reason(request.Reason);
        var affected = Rules.AtMost(request.AffectedTasks, CallLimits.MaxEntries, "affected_tasks");
        var take = new TakeWorkerOffline { WorkerId = worker, Reason = reason, By = context.CallerName() };
        var taken = await gateway.Answer(gateway.Regions.Workers, take, TimeSpan.Zero, context.RequestAborted) switch
        {
            WorkerTakenOffline declared => declared,

            // The worker never registered, so it holds no leases; the call names the tasks that it held elsewhere.
            Refused { Reason: RefusalReason.Unknown } when affected.Length > 0 =>
                new WorkerTakenOffline { WorkerId = worker, LossId = LossOf(worker, reason) },
            Refused refused => throw new ProblemException(Problem.Of(refused)),
            var other => throw new InvalidOperationException($"TakeWorkerOffline was answered with {other.GetType().Name}"),
        };

        var held = taken.Leases.Select(lease => lease.TaskId).ToHashSet();
        var answers = await Task.WhenAll(
            taken.Leases.Select(lease => Ask(
                gateway,
                lease.TaskId,
                new AwaitDecision { TaskId = lease.TaskId, Epoch = lease.Epoch, Wait = DecisionWait },
                context.RequestAborted))
            .Concat(affected.Where(task => !held.Contains(task)).Distinct().Select(task => Ask(
                gateway, task, LostElsewhere(task, worker, taken.LossId, reason), context.RequestAborted))));

        var undecided = answers.Where(answer => answer.Reply is Refused).Select(answer => answer.Task.Value).ToArray();
        if (undecided.Length > 0)
        {
            context.Response.Headers["Undecided-Tasks"] = string.Join(", ", undecided.Take(100));
        }

        return Answer.Ok(answers.Select(answer => answer.Reply).OfType<FailoverDecision>().ToArray());
    }

    // Derived from the call, so that repeating it reports the same loss: no entity draws an id for a worker that never registered.
    private static LossId LossOf(WorkerId worker, string reason) =>
        new(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{worker}\n{reason}")).AsSpan(0, 16)));

    // The event id is that of the loss, so that repeating the call reports the same failure of each task.
    private static ReportFailure LostElsewhere(TaskId task, WorkerId worker, LossId loss, string reason) => new()
    {
        TaskId = task,
        WorkerId = worker,
        EventId = new EventId(loss.Value),
        FailureType = FailureType.WorkerOffline,
        ErrorMessage = reason,
        Source = ReportSource.Operator,
        LossId = loss,
    };

    private static async Task<(TaskId Task, object Reply)> Ask(
        FailoverGateway gateway, TaskId task, IWireMessage message, CancellationToken cancellation) =>
        (task, await gateway.Answer(gateway.Regions.Coordinators, message, DecisionWait, cancellation));
}
