using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The list of tasks, one task, and what an operator can do about it.</summary>
internal static class TaskPages
{
    public static void MapTaskPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/tasks", List);
        pages.MapGet("/tasks/find", (string? id) => Find(id));
        pages.MapGet("/tasks/{id}", Show);
        var actions = pages.MapGroup("/tasks/{id}").AddEndpointFilter<DashboardForms>();
        actions.MapPost("requeue", Requeue);
        actions.MapPost("cancel", Cancel);
    }

    private static async Task<IResult> List(
        HttpContext context,
        FailoverGateway gateway,
        DashboardView view,
        SteadyClock clock,
        string? filter,
        string? sort,
        string? state,
        string? queue,
        string? worker,
        string[]? columns,
        string? after)
    {
        var wanted = new SearchTasks
        {
            Partition = 0,
            Filter = FilterOf(filter, ("state", state), ("queue", queue), ("worker", worker)),
            Sort = sort ?? "",
            At = clock.GetUtcNow(),
        };
        var model = new TasksModel
        {
            Tasks = [],
            Filter = wanted.Filter,
            Sort = wanted.Sort,
            Columns = TaskColumn.Named(columns ?? []),
        };
        try
        {
            var (tasks, next) = await PageReads.Optional(context, "every task", ReadPage(context, gateway, wanted, after));
            return FileOf(context, tasks ?? [])
                ?? await view.Page<TasksScreen, TasksModel>(context, model with { Tasks = tasks, Next = next });
        }
        catch (ProblemException refused)
            when (refused.Problem.Status == StatusCodes.Status400BadRequest && !context.Request.Query.ContainsKey("format"))
        {
            return await view.Page<TasksScreen, TasksModel>(
                context, model with { Problem = refused.Problem.Detail }, StatusCodes.Status400BadRequest);
        }
    }

    // Without a filter and an order, the tasks need no search.
    private static Task<(List<QueueEntry> Tasks, string? Next)> ReadPage(
        HttpContext context, FailoverGateway gateway, SearchTasks wanted, string? after) =>
        wanted is { Filter: "", Sort: "" }
            ? TaskEndpoints.ReadPage(context, gateway, new ListTasks { Partition = 0, Filter = new() }, limit: null, after)
            : SearchEndpoints.ReadPage(context, gateway, wanted, limit: null, after);

    /// <summary>The filter in an address, with the terms of the short forms such as <c>?state=parked</c>.</summary>
    private static string FilterOf(string? filter, params (string Field, string? Value)[] terms) => string.Join(
        ' ',
        [
            .. string.IsNullOrWhiteSpace(filter) ? Array.Empty<string>() : [filter.Trim()],
            .. terms.Where(term => !string.IsNullOrWhiteSpace(term.Value)).Select(term => $"{term.Field}:{Written(term.Value!.Trim())}"),
        ]);

    private static string Written(string value) => value.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-' or '.')
        ? value
        : $"\"{value.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static IResult? FileOf(HttpContext context, IReadOnlyList<QueueEntry> tasks) => TableFile.Of(
        context,
        "tasks",
        tasks,
        ("task_id", task => task.TaskId),
        ("state", task => task.State),
        ("queue", task => task.QueueType),
        ("priority", task => task.Priority),
        ("worker_id", task => task.WorkerId),
        ("attempt", task => task.Attempt),
        ("retry_count", task => task.RetryCount),
        ("submitted_at", task => task.SubmittedAt),
        ("updated_at", task => task.UpdatedAt),
        ("finished_at", task => task.FinishedAt),
        ("not_before", task => task.NotBefore),
        ("unmet_need", task => task.UnmetNeed),
        ("last_error", task => task.LastError),
        ("parked_because", task => task.ParkedBecause));

    private static RedirectHttpResult Find(string? id)
    {
        var task = Rules.Id<TaskId>((id ?? "").Trim(), "id");
        return TypedResults.LocalRedirect(PageAddress.Of(task));
    }

    private static async Task<IResult> Show(HttpContext context, FailoverGateway gateway, DashboardView view, string id)
    {
        var task = await TaskEndpoints.Read(context, gateway, id);
        var decisions = await PageReads.Optional(context, "the decisions about this task", Decisions());
        return await view.Page<TaskScreen, TaskModel>(
            context, new() { Task = task, Decisions = decisions, Queues = QueuesOf(gateway), Now = view.Now });

        async Task<IReadOnlyList<FailoverDecision>> Decisions() => await TaskEndpoints.ReadDecisions(context, gateway, id);
    }

    private static async Task<IResult> Requeue(HttpContext context, FailoverGateway gateway, OperatorLog log, string id)
    {
        var request = new RequeueTaskRequest
        {
            Queue = DashboardForms.Field(context, "queue"),
            Quality = Quality(DashboardForms.Field(context, "quality")),
            Reason = DashboardForms.Field(context, "reason"),
        };
        _ = await log.RunAsync(
            context, "requeue task", id, request.Reason, () => TaskEndpoints.Requeue(context, gateway, id, request));
        return DashboardView.Return(context, PageAddress.Of(new TaskId(id)), "requeue");
    }

    private static async Task<IResult> Cancel(HttpContext context, FailoverGateway gateway, OperatorLog log, string id)
    {
        var reason = Rules.Reason(DashboardForms.Field(context, "reason"));
        _ = await log.RunAsync(context, "cancel task", id, reason, () => TaskEndpoints.Cancel(context, gateway, id, reason));
        return DashboardView.Return(context, PageAddress.Of(new TaskId(id)), "cancel");
    }

    private static JsonText? Quality(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<JsonText>(text, Contracts.ContractsJson.Options);
        }
        catch (JsonException broken)
        {
            throw ProblemException.Invalid("quality", $"must be a JSON object: {broken.Message}");
        }
    }

    private static IReadOnlyList<QueueName> QueuesOf(FailoverGateway gateway) =>
        [.. gateway.Settings.Queues.Definitions.Select(queue => queue.Name)];
}
