using System.Globalization;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>Changing every task that a filter matches: a preview, the action, its progress, and its undo.</summary>
internal static class BulkPages
{
    private const int SampleShown = 20;

    public static void MapBulkPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/bulk", Preview);
        pages.MapGet("/bulk/{id}", Show);
        var actions = pages.MapGroup("/bulk").AddEndpointFilter<DashboardForms>();
        actions.MapPost("", Run);
        actions.MapPost("{id}/undo", Undo);
    }

    private static async Task<IResult> Preview(
        HttpContext context,
        FailoverGateway gateway,
        DashboardView view,
        SteadyClock clock,
        string? filter,
        string? action,
        string? priority,
        string? queue)
    {
        var order = OrderOf(context, gateway, filter, action, priority, queue) with { Id = BulkEndpoints.NewId() };
        var search = new SearchTasks { Partition = 0, Filter = order.Filter, At = clock.GetUtcNow() };
        var change = new ChangeTasks { Partition = 0, Order = order, At = clock.GetUtcNow(), DryRun = true };
        var isChosen = !string.IsNullOrEmpty(action);
        TaskCount? matching = null;
        BulkAnswer? preview = null;
        string? problem = null;
        try
        {
            // Each reads every task. None may outlast the call: they use its context.
            var counting = PageReads.Optional(context, "every task", CountOf());
            var previewing = isChosen
                ? PageReads.Optional(context, "the preview", BulkEndpoints.ChangeAsync(context, gateway, change))
                : Task.FromResult<BulkAnswer?>(null);
            await Task.WhenAll(counting, previewing);
            (matching, preview) = (await counting, await previewing);
        }
        catch (ProblemException refused) when (refused.Problem.Status == StatusCodes.Status400BadRequest)
        {
            problem = refused.Problem.Detail;
        }

        return await view.Page<BulkScreen, BulkModel>(
            context,
            new()
            {
                Order = order,
                IsChosen = isChosen,
                Matching = matching?.Count,
                Problem = problem,
                Count = preview?.Count,
                Sample = [.. (preview?.Sample ?? []).Take(SampleShown)],
                Queues = [.. gateway.Settings.Queues.Definitions.Select(each => each.Name)],
            },
            live: false);

        async Task<TaskCount> CountOf() => new() { Count = await SearchEndpoints.CountOf(context, gateway, search) };
    }

    private static async Task<IResult> Run(HttpContext context, FailoverGateway gateway, OperatorLog log, BulkRuns runs, SteadyClock clock)
    {
        var order = OrderOf(
            context,
            gateway,
            DashboardForms.Field(context, "filter"),
            DashboardForms.Field(context, "action"),
            DashboardForms.Field(context, "priority"),
            DashboardForms.Field(context, "queue")) with
        {
            Id = Rules.Id<RequestId>(DashboardForms.Field(context, "id") ?? "", "id"),
            Reason = Rules.Reason(DashboardForms.Field(context, "reason")),
        };
        var expected = Number(DashboardForms.Field(context, "expected"));
        return await Begin(context, gateway, log, runs, clock, order, expected);
    }

    private static async Task<IResult> Undo(
        HttpContext context, FailoverGateway gateway, OperatorLog log, BulkRuns runs, SteadyClock clock, string id)
    {
        var undone = Rules.Id<RequestId>(id, "id");
        var order = new BulkOrder
        {
            Id = BulkEndpoints.NewId(),
            Kind = BulkKind.Undo,
            Filter = BulkEndpoints.FilterOf(undone),
            Reason = Rules.Reason(DashboardForms.Field(context, "reason")),
            By = context.CallerName(),
            Undoes = undone,
        };
        return await Begin(context, gateway, log, runs, clock, order, expected: null);
    }

    private static async Task<IResult> Begin(
        HttpContext context, FailoverGateway gateway, OperatorLog log, BulkRuns runs, SteadyClock clock, BulkOrder order, int? expected)
    {
        _ = await log.RunAsync(context, $"{WireName.Of(order.Kind)} every task that matches", order.Filter, order.Reason, () =>
        {
            var change = new ChangeTasks { Partition = 0, Order = order, At = clock.GetUtcNow() };
            if (BulkChanges.Refusal(change, gateway.Settings.Queues) is { } refused)
            {
                throw new ProblemException(Problem.Of(refused));
            }

            runs.Start(order);
            return Task.FromResult(order);
        });
        context.Response.Headers.Location = BulkAddress.Of(order, expected);
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static async Task<IResult> Show(
        HttpContext context,
        FailoverGateway gateway,
        DashboardView view,
        BulkRuns runs,
        SteadyClock clock,
        string id,
        string? filter,
        string? action,
        string? priority,
        string? queue,
        string? reason,
        string? expected)
    {
        var bulk = Rules.Id<RequestId>(id, "id");
        var order = OrderOf(context, gateway, filter, action, priority, queue) with { Id = bulk, Reason = reason ?? "" };
        var search = new SearchTasks { Partition = 0, Filter = BulkEndpoints.FilterOf(bulk), At = clock.GetUtcNow() };
        var changed = await PageReads.Optional(context, "every task", CountOf());
        var run = runs.Find(bulk);
        return await view.Page<BulkRunScreen, BulkRunModel>(context, new()
        {
            Order = run?.Order ?? order,
            Changed = changed?.Count,
            Expected = Number(expected),
            State = run is null ? BulkRunState.Elsewhere
                : !run.IsOver ? BulkRunState.Running
                : run.Problem is not null ? BulkRunState.Failed
                : BulkRunState.Done,
            Problem = run?.Problem,
            ChangedNow = run?.Changed,
        });

        async Task<TaskCount> CountOf() => new() { Count = await SearchEndpoints.CountOf(context, gateway, search) };
    }

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static BulkOrder OrderOf(
        HttpContext context, FailoverGateway gateway, string? filter, string? action, string? priority, string? queue) => new()
        {
            Id = new(""),
            Kind = Rules.OptionalEnum<BulkKind>(action, "action") ?? BulkKind.Requeue,
            Filter = (filter ?? "").Trim(),
            Reason = "",
            By = context.CallerName(),
            Priority = Rules.OptionalEnum<TaskPriority>(priority, "priority"),
            Queue = QueueRules.OptionalKnown(string.IsNullOrEmpty(queue) ? null : queue, gateway.Settings.Queues, "queue"),
        };
}
