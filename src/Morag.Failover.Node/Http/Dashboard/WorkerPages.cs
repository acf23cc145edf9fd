using Microsoft.AspNetCore.Http.HttpResults;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.Tasks;
using Morag.Failover.Node.Http.Workers;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The list of workers, one worker, and what an operator can do about it.</summary>
internal static class WorkerPages
{
    private const string TasksShown = "20";
    private const string FailuresShown = "10";

    public static void MapWorkerPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/workers", List);
        pages.MapGet("/workers/find", (string? id) => Find(id));
        pages.MapGet("/workers/{id}", Show);
        var actions = pages.MapGroup("/workers/{id}").AddEndpointFilter<DashboardForms>();
        actions.MapPost("drain", Drain);
        actions.MapPost("resume", Resume);
        actions.MapPost("offline", TakeOffline);
        actions.MapPost("breaker-open", SetBreaker(BreakerAction.Open, "breaker-open"));
        actions.MapPost("breaker-close", SetBreaker(BreakerAction.Close, "breaker-close"));
        actions.MapPost("breaker-reset", SetBreaker(BreakerAction.Reset, "breaker-reset"));
    }

    private static async Task<IResult> List(HttpContext context, FailoverGateway gateway, DashboardView view, string? after)
    {
        var reading = WorkerEndpoints.ListPage(context, gateway, limit: null, after);
        var (workers, next) = await PageReads.Optional(context, "every worker", reading);
        return TableFile.Of(
            context,
            "workers",
            workers ?? [],
            ("worker_id", worker => worker.Registration.WorkerId),
            ("name", worker => worker.Registration.Name),
            ("capability", worker => worker.Registration.Capability),
            ("liveness", worker => worker.Liveness),
            ("status", worker => worker.Status),
            ("draining", worker => worker.Draining),
            ("breaker_state", worker => worker.BreakerState),
            ("held_leases", worker => worker.HeldLeases),
            ("max_concurrent_tasks", worker => worker.Registration.MaxConcurrentTasks),
            ("last_heartbeat", worker => worker.LastHeartbeat),
            ("degraded", worker => worker.Degraded))
            ?? await view.Page<WorkersScreen, WorkersModel>(
                context, new(workers is null ? null : await WorkerEndpoints.WithHeartbeats(context, gateway, workers), next));
    }

    private static RedirectHttpResult Find(string? id)
    {
        var worker = Rules.Id<WorkerId>((id ?? "").Trim(), "id");
        return TypedResults.LocalRedirect(PageAddress.Of(worker));
    }

    private static async Task<IResult> Show(HttpContext context, FailoverGateway gateway, DashboardView view, string id)
    {
        var worker = await WorkerEndpoints.Read(context, gateway, id);
        var known = worker.Registration.WorkerId;
        var score = PageReads.Optional(context, "the record of the worker", WorkerEndpoints.ReadScore(context, gateway, id));
        var tasks = PageReads.Optional(context, "its tasks", TaskEndpoints.ReadPage(
            context, gateway, new ListTasks { Partition = 0, Filter = new() { Worker = known } }, TasksShown, after: null));
        var failures = PageReads.Optional(context, "its failures", FailureEndpoints.ReadPage(
            context, gateway, new ListFailures { Partition = 0, Worker = known }, FailuresShown, after: null));
        // None may outlast the call: they use its context.
        await Task.WhenAll(score, tasks, failures);
        return await view.Page<WorkerScreen, WorkerModel>(context, new()
        {
            Worker = worker,
            Score = await score,
            Tasks = (await tasks).Entries,
            Failures = (await failures).Entries,
        });
    }

    private static async Task<IResult> Drain(HttpContext context, FailoverGateway gateway, OperatorLog log, string id)
    {
        var request = new DrainRequest
        {
            Reason = DashboardForms.Field(context, "reason"),
            DeadlineSeconds = DashboardForms.Number(context, "deadline"),
        };
        _ = await log.RunAsync(
            context, "drain worker", id, request.Reason, () => WorkerEndpoints.Drain(context, gateway, id, request));
        return Done(context, id, "drain");
    }

    private static async Task<IResult> Resume(HttpContext context, FailoverGateway gateway, OperatorLog log, string id)
    {
        _ = await log.RunAsync(context, "resume worker", id, reason: null, () => WorkerEndpoints.Resume(context, gateway, id));
        return Done(context, id, "resume");
    }

    private static async Task<IResult> TakeOffline(HttpContext context, FailoverGateway gateway, OperatorLog log, string id)
    {
        var request = new OfflineRequest { Reason = DashboardForms.Field(context, "reason") };
        _ = await log.RunAsync(
            context,
            "declare worker lost",
            id,
            request.Reason,
            () => WorkerOfflineEndpoint.TakeOffline(context, gateway, id, request));
        return Done(context, id, "offline");
    }

    private static Func<HttpContext, FailoverGateway, OperatorLog, string, Task<IResult>> SetBreaker(BreakerAction action, string done) =>
        async (context, gateway, log, id) =>
        {
            var request = new BreakerRequest { Action = action, Reason = DashboardForms.Field(context, "reason") };
            _ = await log.RunAsync(
                context,
                $"{done.Replace('-', ' ')} of worker",
                id,
                request.Reason,
                () => WorkerEndpoints.SetBreaker(context, gateway, id, request));
            return Done(context, id, done);
        };

    private static IResult Done(HttpContext context, string id, string done) =>
        DashboardView.Return(context, PageAddress.Of(new WorkerId(id)), done);
}
