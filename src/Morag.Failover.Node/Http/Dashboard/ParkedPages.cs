using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Dashboard;
using Morag.Failover.Dashboard.Pages;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Queues;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Dashboard;

/// <summary>The tasks that wait for an operator, with the evidence, and requeuing all of them.</summary>
internal static class ParkedPages
{
    private const string Shown = "20";

    public static void MapParkedPages(this IEndpointRouteBuilder pages)
    {
        pages.MapGet("/parked", List);
        pages.MapPost("/parked/requeue", RequeueAll).AddEndpointFilter<DashboardForms>();
    }

    private static async Task<IResult> List(
        HttpContext context, FailoverGateway gateway, DashboardView view, string? queue, string? after)
    {
        var counts = await PageReads.Optional(context, "every count of tasks", QueueEndpoints.Count(context, gateway));
        var known = QueueRules.OptionalKnown(queue is { Length: > 0 } ? queue : null, gateway.Settings.Queues, "queue");
        var wanted = new ListTasks { Partition = 0, Filter = new() { State = TaskState.Parked, Queue = known } };
        var reading = TaskEndpoints.ReadPage(context, gateway, wanted, Shown, after);
        var (entries, next) = await PageReads.Optional(context, "every parked task", reading);
        if (TableFile.Of(
            context,
            "parked",
            entries ?? [],
            ("task_id", task => task.TaskId),
            ("queue", task => task.QueueType),
            ("worker_id", task => task.WorkerId),
            ("retry_count", task => task.RetryCount),
            ("submitted_at", task => task.SubmittedAt)) is { } file)
        {
            return file;
        }

        var tasks = await Task.WhenAll((entries ?? []).Select(entry => Read(context, gateway, entry.TaskId)));
        return await view.Page<ParkedScreen, ParkedModel>(context, new()
        {
            Tasks = [.. tasks.OfType<ParkedTask>()],
            Next = next,
            Queue = known,
            IsComplete = context.Features.Get<MissingParts>() is not { Names.Count: > 0 },
            Counts = [.. (counts ?? []).Select(each => new NamedCount(
                each.QueueType.Value, each.ParkedTasks, "bad", $"/parked?queue={each.QueueType.Value}"))],
            Total = counts?.Where(each => known is null || each.QueueType == known).Sum(each => each.ParkedTasks),
        });
    }

    /// <summary>The task with the decision that parked it; null if somebody has moved it meanwhile, or its owner does not answer.</summary>
    private static async Task<ParkedTask?> Read(HttpContext context, FailoverGateway gateway, TaskId task)
    {
        var get = new GetTask { TaskId = task };
        var info = await gateway.Answer(gateway.Regions.Queues, get, TimeSpan.Zero, context.RequestAborted);
        var getDecisions = new GetTaskDecisions { TaskId = task };
        var known = await gateway.Answer(gateway.Regions.Coordinators, getDecisions, TimeSpan.Zero, context.RequestAborted);
        Answer.AddMissingParts(context, info is Refused { Reason: RefusalReason.Unavailable } ? [$"task {task}"] : []);
        Answer.AddMissingParts(context, known is Refused { Reason: RefusalReason.Unavailable } ? ["some of the evidence"] : []);
        return info is TaskInfo { State: TaskState.Parked } parked
            ? new(parked, (known as TaskDecisions)?.Decisions.LastOrDefault(
                decision => decision.SelectedAction.Strategy == FailoverStrategy.ManualIntervention))
            : null;
    }

    private static async Task<IResult> RequeueAll(HttpContext context, FailoverGateway gateway, OperatorLog log)
    {
        var queue = DashboardForms.Field(context, "queue");
        var request = new RequeueTasksRequest
        {
            Filter = new TaskFilterRequest { Queue = queue, State = TaskState.Parked },
            Reason = DashboardForms.Field(context, "reason"),
        };
        var answer = await log.RunAsync(
            context,
            "requeue all parked tasks of",
            queue ?? "all queues",
            request.Reason,
            () => TaskEndpoints.RequeueMany(context, gateway, request));
        var count = answer is IValueHttpResult<TasksAffected> { Value.Count: var affected } ? affected : (int?)null;
        return DashboardView.Return(context, PageAddress.With("/parked", "queue", queue), "requeue-all", count);
    }
}
