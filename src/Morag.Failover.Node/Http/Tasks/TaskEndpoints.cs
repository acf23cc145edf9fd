using System.Collections.Immutable;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>Reading tasks, and the operator's calls about them.</summary>
internal static class TaskEndpoints
{
    public static void MapTasks(this IEndpointRouteBuilder api)
    {
        var tasks = api.MapGroup("/tasks").WithTags("Tasks");
        tasks.MapGet("", List).CanBeIncomplete().Refuses(StatusCodes.Status429TooManyRequests).Describes<QueueEntry[]>(
            "List tasks that match a filter, paged; in the order of their ids unless sort names another field");
        tasks.MapGet("{id}", Get).Refuses(StatusCodes.Status404NotFound)
            .Describes<TaskInfo>("Get one task: state, queue, worker, epoch, history, result");
        tasks.MapGet("{id}/waiting", Waiting).Refuses(StatusCodes.Status404NotFound)
            .Describes<TaskWaiting>("Say why a task does not run now, in one sentence with its facts");
        tasks.MapGet("{id}/explain", Explain).Refuses(StatusCodes.Status404NotFound)
            .Describes<FailoverDecision[]>("List every decision about a task, oldest first");
        tasks.MapPost("{id}/requeue", RequeueFromBody).Reads<RequeueTaskRequest>()
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<SubmittedTask>("Operator: requeue a parked task");
        tasks.MapDelete("{id}", Cancel).Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<SubmittedTask>("Cancel an unfinished task");
        tasks.MapPost("requeue", RequeueManyFromBody).Reads<RequeueTasksRequest>().CanBeIncomplete()
            .Describes<TasksAffected>("Operator: requeue every matching parked task");
        tasks.MapPost("cancel", CancelMany).Reads<CancelTasksRequest>().CanBeIncomplete()
            .Describes<TasksAffected>("Operator: cancel every matching task");
    }

    private static async Task<IResult> List(
        HttpContext context,
        FailoverGateway gateway,
        SteadyClock clock,
        string? filter,
        string? sort,
        string? state,
        string? queue,
        string? worker,
        string? limit,
        string? after)
    {
        var known = new TaskFilter
        {
            State = Rules.OptionalEnum<TaskState>(state, "state"),
            Queue = QueueRules.OptionalKnown(queue, gateway.Settings.Queues, "queue"),
            Worker = Rules.OptionalId<WorkerId>(worker, "worker"),
        };
        return string.IsNullOrWhiteSpace(filter) && string.IsNullOrEmpty(sort)
            ? await ListPage(context, gateway, new ListTasks { Partition = 0, Filter = known }, limit, after)
            : await SearchEndpoints.ListPage(
                context,
                gateway,
                new SearchTasks { Partition = 0, Filter = filter ?? "", Sort = sort ?? "", Known = known, At = clock.GetUtcNow() },
                limit,
                after);
    }

    /// <summary>One page of the matching tasks over all partitions.</summary>
    public static async Task<IResult> ListPage(
        HttpContext context, FailoverGateway gateway, ListTasks wanted, string? limit, string? after)
    {
        var (tasks, next) = await ReadPage(context, gateway, wanted, limit, after);
        return Answer.Page(context, tasks, next);
    }

    /// <summary>One page of the matching tasks over all partitions, and where the next one begins.</summary>
    internal static async Task<(List<QueueEntry> Tasks, string? Next)> ReadPage(
        HttpContext context, FailoverGateway gateway, ListTasks wanted, string? limit, string? after)
    {
        var most = Rules.Limit(limit);
        var afterId = Rules.OptionalId<TaskId>(after, "after");
        var (entries, hasMore) = await Pages.First<QueueEntry>(
            most,
            gateway.Settings.Partitions.Queues,
            static (a, b) => string.CompareOrdinal(a.TaskId.Value, b.TaskId.Value),
            async perPartition =>
            {
                var pages = await gateway.AskEveryQueue<TaskPage>(
                    context, partition => wanted with { Partition = partition, After = afterId, Limit = perPartition });
                return [.. pages.Select(page => (page.Tasks, page.HasMore))];
            });
        return (entries, hasMore ? entries[^1].TaskId.Value : null);
    }

    private static async Task<IResult> Get(HttpContext context, FailoverGateway gateway, string id) =>
        Answer.Ok(await Read(context, gateway, id));

    private static async Task<IResult> Waiting(HttpContext context, FailoverGateway gateway, string id)
    {
        var task = await Read(context, gateway, id);
        return task.Waiting is { } waiting
            ? Answer.Ok(waiting)
            : Problem.Of(Refused.Unavailable("the owner of the task runs an earlier version, which cannot say why a task waits"));
    }

    /// <summary>One task.</summary>
    /// <exception cref="ProblemException">There is no such task.</exception>
    internal static Task<TaskInfo> Read(HttpContext context, FailoverGateway gateway, string id) =>
        gateway.AskQueues<TaskInfo>(new GetTask { TaskId = Rules.Id<TaskId>(id, "task_id") }, context.RequestAborted);

    private static async Task<IResult> Explain(HttpContext context, FailoverGateway gateway, string id) =>
        Answer.Ok(await ReadDecisions(context, gateway, id));

    /// <summary>Every decision about a task, oldest first.</summary>
    /// <exception cref="ProblemException">There is no such task.</exception>
    internal static async Task<ImmutableArray<FailoverDecision>> ReadDecisions(HttpContext context, FailoverGateway gateway, string id)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        var known = await gateway.AskCoordinators<TaskDecisions>(new GetTaskDecisions { TaskId = task }, context.RequestAborted);
        var get = new GetTask { TaskId = task };
        if (known is { Decisions.IsEmpty: true, StaleReports.IsEmpty: true })
        {
            // Either the task never failed or it does not exist. In the second case the queue's refusal becomes a 404.
            _ = await gateway.AskQueues<TaskInfo>(get, context.RequestAborted);
        }

        var held = await gateway.Answer(gateway.Regions.Queues, get, TimeSpan.Zero, context.RequestAborted) as TaskInfo;
        return TaskExplanation.Of(known, held?.History ?? []);
    }

    private static async Task<IResult> RequeueFromBody(HttpContext context, FailoverGateway gateway, string id) =>
        await Requeue(context, gateway, id, await JsonBody.Read<RequeueTaskRequest>(context));

    /// <summary>Requeues a parked task.</summary>
    internal static async Task<IResult> Requeue(HttpContext context, FailoverGateway gateway, string id, RequeueTaskRequest request)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        _ = await gateway.AskQueues<Done>(
            new RequeueTask
            {
                TaskId = task,
                Queue = QueueRules.OptionalKnown(request.Queue, gateway.Settings.Queues, "queue"),
                Quality = OptionalQuality(request.Quality),
                Reason = Rules.Reason(request.Reason),
                By = context.CallerName(),
            },
            context.RequestAborted);
        return Answer.Ok(new SubmittedTask { TaskId = task, State = TaskState.Queued });
    }

    /// <summary>Cancels an unfinished task.</summary>
    internal static async Task<IResult> Cancel(HttpContext context, FailoverGateway gateway, string id, string? reason)
    {
        var task = Rules.Id<TaskId>(id, "task_id");
        var cancel = new CancelTask
        {
            TaskId = task,
            Reason = Rules.Text(reason ?? "", CallLimits.MaxReasonBytes, "reason"),
            By = context.CallerName(),
        };
        _ = await gateway.AskQueues<Done>(cancel, context.RequestAborted);
        return Answer.Ok(new SubmittedTask { TaskId = task, State = TaskState.Cancelled });
    }

    private static async Task<IResult> RequeueManyFromBody(HttpContext context, FailoverGateway gateway) => await RequeueMany(
        context, gateway, await JsonBody.Read<RequeueTasksRequest>(context, unknownFields: UnknownFields.Rejected));

    /// <summary>Requeues every matching parked task.</summary>
    internal static async Task<IResult> RequeueMany(HttpContext context, FailoverGateway gateway, RequeueTasksRequest request)
    {
        var filter = Rules.Required(request.Filter, "filter").ToFilter(gateway.Settings.Queues);
        if (filter.State is not (null or TaskState.Parked))
        {
            throw ProblemException.Invalid("filter.state", "only parked tasks can be requeued");
        }

        var dryRun = request.DryRun ?? false;
        var reason = ReasonOfMany(request.Reason, dryRun);
        var queue = QueueRules.OptionalKnown(request.Queue, gateway.Settings.Queues, "queue");
        var quality = OptionalQuality(request.Quality);
        return Sum(await gateway.AskEveryQueue<TasksAffected>(
            context,
            partition => new RequeueTasks
            {
                Partition = partition,
                Filter = filter,
                Reason = reason,
                DryRun = dryRun,
                Queue = queue,
                Quality = quality,
                By = context.CallerName(),
            }));
    }

    private static async Task<IResult> CancelMany(HttpContext context, FailoverGateway gateway)
    {
        var request = await JsonBody.Read<CancelTasksRequest>(context, unknownFields: UnknownFields.Rejected);
        var filter = Rules.Required(request.Filter, "filter").ToFilter(gateway.Settings.Queues);
        var dryRun = request.DryRun ?? false;
        if (!dryRun && filter is { State: null, Queue: null, Worker: null })
        {
            throw ProblemException.Invalid("filter", "must set at least one of state, queue, worker; only a dry run can leave it empty");
        }

        var reason = ReasonOfMany(request.Reason, dryRun);
        return Sum(await gateway.AskEveryQueue<TasksAffected>(
            context,
            partition => new CancelTasks
            {
                Partition = partition,
                Filter = filter,
                Reason = reason,
                DryRun = dryRun,
                By = context.CallerName(),
            }));
    }

    // A dry run writes no history, so it needs no reason.
    private static string ReasonOfMany(string? reason, bool dryRun) => dryRun && reason is null ? "" : Rules.Reason(reason);

    private static JsonText? OptionalQuality(JsonText? quality) =>
        quality is { IsNull: false } given ? Rules.JsonObject(given, TaskLimits.MaxQualityBytes, "quality") : null;

    private static IResult Sum(List<TasksAffected> parts) => Answer.Ok(new TasksAffected
    {
        Count = parts.Sum(part => part.Count),
        Sample = [.. parts.SelectMany(part => part.Sample).Take(100)],
    });
}
