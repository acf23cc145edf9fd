using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Queues;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The queues, their definitions and their chains, and what an operator can do about them.</summary>
internal static class QueuePages
{
    public static void MapQueuePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/queues", Show);
        var actions = pages.MapGroup("/queues/{name}").AddEndpointFilter<DashboardForms>();
        actions.MapPost("pause", Pause);
        actions.MapPost("resume", Resume);
    }

    private static async Task<IResult> Pause(HttpContext context, FailoverGateway gateway, OperatorLog log, string name)
    {
        var reason = DashboardForms.Field(context, "reason");
        _ = await log.RunAsync(
            context, "pause queue", name, reason, () => QueueControlEndpoints.Pause(context, gateway, name, new() { Reason = reason }));
        return DashboardView.Return(context, "/queues", "pause");
    }

    private static async Task<IResult> Resume(HttpContext context, FailoverGateway gateway, OperatorLog log, string name)
    {
        var reason = DashboardForms.Field(context, "reason");
        _ = await log.RunAsync(
            context, "resume queue", name, reason, () => QueueControlEndpoints.Resume(context, gateway, name, new() { Reason = reason }));
        return DashboardView.Return(context, "/queues", "resume-queue");
    }

    private static async Task<IResult> Show(HttpContext context, FailoverGateway gateway, DashboardView view)
    {
        var queues = await PageReads.Optional(context, "every queue", QueueEndpoints.Count(context, gateway));
        return TableFile.Of(
            context,
            "queues",
            queues ?? [],
            ("queue", queue => queue.QueueType),
            ("pending_tasks", queue => queue.PendingTasks),
            ("processing_tasks", queue => queue.ProcessingTasks),
            ("parked_tasks", queue => queue.ParkedTasks),
            ("completed_tasks", queue => queue.CompletedTasks),
            ("worker_count", queue => queue.WorkerCount),
            ("average_wait_minutes", queue => queue.AverageWaitTime),
            ("average_processing_minutes", queue => queue.AverageProcessingTime),
            ("unserved_because", queue => queue.UnservedBecause),
            ("paused_because", queue => queue.Pause?.Reason))
            ?? await view.Page<QueuesScreen, QueuesModel>(context, new(queues, gateway.Settings.Queues));
    }
}
