using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.Queues;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The queues, their definitions and their chains, and what an operator can do about them.</summary>
internal static class QueuePages
{
    public static void MapQueuePages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/queues", Show);
        pages.MapGet("/queues/{name}", ShowOne);
        var actions = pages.MapGroup("/queues/{name}").AddEndpointFilter<DashboardForms>();
        actions.MapPost("pause", Pause);
        actions.MapPost("resume", Resume);
        actions.MapPost("limits", SetLimits);
    }

    private static async Task<IResult> ShowOne(
        HttpContext context, FailoverGateway gateway, DashboardView view, SteadyClock clock, string name, string? spread)
    {
        var queue = Rules.Id<QueueName>(name, "queue");
        if (gateway.Settings.Queues.Find(queue) is null)
        {
            throw new ProblemException(Problem.Of(Refused.Unknown($"there is no queue {queue}")));
        }

        var isSpread = !string.IsNullOrEmpty(spread);
        if (isSpread)
        {
            PageReads.BeMorePatient();
        }

        var get = new GetQueueControl { Queue = queue };
        var control = PageReads.Optional(
            context, "the limits of the queue", gateway.AskQueues<QueueControlReport>(get, context.RequestAborted));
        var counts = PageReads.Optional(context, "the counts of the queue", QueueEndpoints.Count(context, gateway));
        var spreading = isSpread
            ? PageReads.Optional(context, "the ages and priorities", QueueCounts.ReadAsync(context, gateway, clock, queue))
            : Task.FromResult<QueueCounts?>(null);
        await Task.WhenAll(control, counts, spreading);
        return await view.Page<QueueScreen, QueueModel>(
            context,
            new()
            {
                Queue = queue,
                Control = await control,
                Stats = (await counts)?.FirstOrDefault(each => each.QueueType == queue),
                FallsBackTo = [.. gateway.Settings.Queues.ChainAfter(queue).Select(next => next.Name)],
                Ages = (await spreading)?.Ages,
                Priorities = (await spreading)?.Priorities,
            },
            live: !isSpread);
    }

    private static async Task<IResult> SetLimits(HttpContext context, FailoverGateway gateway, OperatorLog log, string name)
    {
        var request = new QueueLimitsRequest
        {
            PerWorker = DashboardForms.WholeNumber(context, "per_worker"),
            Weight = DashboardForms.Number(context, "weight"),
            TimeoutSeconds = DashboardForms.Number(context, "timeout_seconds"),
            UnservedAfterSeconds = DashboardForms.Number(context, "unserved_after_seconds"),
            Reset = DashboardForms.Ticked<QueueLimit>(context, "reset"),
            Reason = DashboardForms.Field(context, "reason"),
        };
        _ = await log.RunAsync(
            context,
            "change limits of queue",
            name,
            request.Reason,
            () => QueueControlEndpoints.SetLimits(context, gateway, name, request));
        return DashboardView.Return(context, PageAddress.Of(new QueueName(name)), "limits");
    }

    private static async Task<IResult> Pause(HttpContext context, FailoverGateway gateway, OperatorLog log, string name)
    {
        var reason = DashboardForms.Field(context, "reason");
        _ = await log.RunAsync(
            context, "pause queue", name, reason, () => QueueControlEndpoints.Pause(context, gateway, name, new() { Reason = reason }));
        return DashboardView.Return(context, PageAddress.Of(new QueueName(name)), "pause");
    }

    private static async Task<IResult> Resume(HttpContext context, FailoverGateway gateway, OperatorLog log, string name)
    {
        var reason = DashboardForms.Field(context, "reason");
        _ = await log.RunAsync(
            context, "resume queue", name, reason, () => QueueControlEndpoints.Resume(context, gateway, name, new() { Reason = reason }));
        return DashboardView.Return(context, PageAddress.Of(new QueueName(name)), "resume-queue");
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
