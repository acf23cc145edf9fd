using System.Collections.Immutable;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>
/// <c>POST /tasks</c>. An invalid body is rejected as a whole and changes nothing. If an owner rejects entries of an array, because of a
/// limit or a conflict, the response says so for each entry, and the other entries are accepted.
/// </summary>
internal static class TaskSubmissionEndpoint
{
    public static void MapTaskSubmission(this IEndpointRouteBuilder api) => api.MapPost("/tasks", Submit)
        .WithTags("Tasks")
        .Reads<SubmitTaskRequest>()
        .WithMetadata(new OneOrMany(CallLimits.MaxEntries))
        .Refuses(StatusCodes.Status409Conflict)
        .Describes<SubmittedTask>("Submit a task or an array of up to 1000 tasks", StatusCodes.Status202Accepted);

    private static async Task<IResult> Submit(HttpContext context, FailoverGateway gateway, StoreRoom room)
    {
        room.RefuseIfFull();
        var (requests, isArray) = await JsonBody.ReadMany<SubmitTaskRequest>(context, JsonBody.MaxBytesWithPayloads, orOne: true);
        var trace = TraceOf(context);
        var tasks = new TaskSubmission[requests.Length];
        for (var index = 0; index < requests.Length; index++)
        {
            var task = requests[index].ToSubmission(
                gateway.Settings.Queues, isArray ? JsonPath.Item("", index) : "", gateway.NewTaskId);
            tasks[index] = trace is null || task.TraceParent is not null ? task : task with { TraceParent = trace };
        }

        var results = new SubmissionResult[tasks.Length];
        await Task.WhenAll(Messages(tasks, gateway.Settings.Partitions.Queues)
            .Select(message => Send(gateway, message.Partition, message.Tasks, results, context.RequestAborted)));
        return isArray ? ForMany(results) : ForOne(context, results[0]);
    }

    /// <summary>The trace of the call, for tasks that name none. A header that is not valid is ignored, as the standard demands.</summary>
    private static string? TraceOf(HttpContext context) =>
        context.Request.Headers.TraceParent is [{ } header] && TraceParent.IsValid(header) ? header : null;

    /// <summary>The tasks in batches by partition, up to the maximum size of a message, each with its index in the call.</summary>
    private static IEnumerable<(int Partition, ImmutableArray<(TaskSubmission Task, int Place)> Tasks)> Messages(
        TaskSubmission[] tasks, int partitions) =>
        from ofPartition in tasks
            .Select(static (task, place) => (Task: task, Place: place))
            .GroupBy(entry => Partition.Of(entry.Task.TaskId, partitions))
        from batch in ofPartition.InBatches(static entry => WireSize.Of(entry.Task), MessageLimits.MaxGatheredBytes)
        select (ofPartition.Key, batch);

    private static async Task Send(
        FailoverGateway gateway,
        int partition,
        ImmutableArray<(TaskSubmission Task, int Place)> tasks,
        SubmissionResult[] results,
        CancellationToken cancellation)
    {
        var submit = new SubmitTasks
        {
            Partition = partition,
            Tasks = [.. tasks.Select(entry => entry.Task)],
        };
        var answer = await gateway.Answer(gateway.Regions.Queues, submit, TimeSpan.Zero, cancellation);
        for (var index = 0; index < tasks.Length; index++)
        {
            var (task, place) = tasks[index];
            results[place] = answer switch
            {
                TasksSubmitted submitted => submitted.Results[index],
                Refused refused => new SubmissionResult { TaskId = task.TaskId, Refused = refused },
                _ => throw new InvalidOperationException($"SubmitTasks was answered with {answer.GetType().Name}"),
            };
        }
    }

    private static IResult ForOne(HttpContext context, SubmissionResult result)
    {
        if (result.Refused is { } refused)
        {
            return Problem.Of(refused);
        }

        var path = context.Request.Path.Value!.TrimEnd('/');
        context.Response.Headers.Location = $"{context.Request.PathBase}{path}/{Uri.EscapeDataString(result.TaskId.Value)}";
        return Answer.Accepted(Submitted(result, ""));
    }

    private static IResult ForMany(SubmissionResult[] results)
    {
        // If no task was accepted, the status shows it, for callers that check only the status.
        if (Array.TrueForAll(results, result => result.Refused is { Reason: RefusalReason.LimitReached or RefusalReason.Unavailable }))
        {
            return Problem.Of(PartRefusals.OfAll([.. results.Select(result => result.Refused!)]));
        }

        return Answer.Accepted(results.Select((result, index) => Submitted(result, JsonPath.Item("", index))).ToArray());
    }

    private static SubmittedTask Submitted(SubmissionResult result, string at) => new()
    {
        TaskId = result.TaskId,
        State = result.Refused is null ? result.State : null,
        Error = result.Refused is { } refused ? Problem.Of(refused, at) : null,
        Note = result.Refused is null ? Note(result) : null,
    };

    // Only a task that was submitted before can be in one of these states.
    private static string? Note(SubmissionResult result) => result.State switch
    {
        TaskState.Succeeded => $"Task {result.TaskId} was submitted before and has succeeded. It does not run again. "
            + "Read its result, or use another task_id to run the work again.",
        TaskState.Cancelled => $"Task {result.TaskId} was submitted before and was cancelled. It does not run. "
            + "Use another task_id to run the work.",
        TaskState.Parked => $"Task {result.TaskId} was submitted before and is parked. It does not run until you requeue it.",
        TaskState.Queued or TaskState.Delayed or TaskState.Leased or TaskState.Deciding => null,
        _ => throw new ArgumentOutOfRangeException(nameof(result), result.State, "no note is defined for this state"),
    };
}
