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
/// <c>POST /tasks</c>. A body that breaks a rule is refused as a whole and changes nothing; what the owners refuse of an array
/// (a limit, a conflict) stands in the answer, entry by entry, and the rest is accepted.
/// </summary>
internal static class TaskSubmissionEndpoint
{
    public static void MapTaskSubmission(this IEndpointRouteBuilder api) => api.MapPost("/tasks", Submit)
        .WithTags("Tasks")
        .Takes<SubmitTaskRequest>()
        .Describes<SubmittedTask>("Submit a task, or an array of up to 1000 of them", StatusCodes.Status202Accepted);

    private static async Task<IResult> Submit(HttpContext context, FailoverGateway gateway, StoreRoom room)
    {
        room.RefuseIfFull();
        var (requests, isArray) = await JsonBody.ReadMany<SubmitTaskRequest>(context, JsonBody.MaxBytesWithPayloads, orOne: true);
        var tasks = new TaskSubmission[requests.Length];
        for (var index = 0; index < requests.Length; index++)
        {
            tasks[index] = requests[index].ToSubmission(gateway.Settings.Queues, isArray ? JsonPath.Item("", index) : "");
        }

        var results = new SubmissionResult[tasks.Length];
        await Task.WhenAll(Messages(tasks, gateway.Settings.Partitions.Queues)
            .Select(message => Send(gateway, message.Partition, message.Tasks, results, context.RequestAborted)));
        return isArray ? ForMany(results) : ForOne(context, results[0]);
    }

    /// <summary>The tasks by partition, as many in one message as its size allows; each with its place in the call.</summary>
    private static IEnumerable<(int Partition, ImmutableArray<(TaskSubmission Task, int Place)> Tasks)> Messages(TaskSubmission[] tasks, int partitions) =>
        from together in tasks.Select(static (task, place) => (Task: task, Place: place)).GroupBy(entry => Partition.Of(entry.Task.TaskId, partitions))
        from run in together.InBatches(static entry => WireSize.Of(entry.Task), MessageLimits.MaxGatheredBytes)
        select (together.Key, run);

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

        context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path.Value!.TrimEnd('/')}/{Uri.EscapeDataString(result.TaskId.Value)}";
        return Answer.Accepted(Submitted(result, ""));
    }

    private static IResult ForMany(SubmissionResult[] results)
    {
        // Where nothing at all went in, the status says so: a caller that only looks at it must not take it for success.
        if (Array.TrueForAll(results, result => result.Refused is { Reason: RefusalReason.LimitReached or RefusalReason.Unavailable }))
        {
            return Problem.Of(results[0].Refused!);
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
        TaskState.Succeeded => $"task {result.TaskId} was submitted before and has succeeded: nothing will run. "
            + "Read its result, or submit the work under another task_id to run it again",
        TaskState.Cancelled => $"task {result.TaskId} was submitted before and was cancelled: nothing will run. "
            + "Submit the work under another task_id to run it",
        TaskState.Parked => $"task {result.TaskId} was submitted before and is parked: nothing will run until it is requeued",
        TaskState.Queued or TaskState.Delayed or TaskState.Leased or TaskState.Deciding => null,
        _ => throw new ArgumentOutOfRangeException(nameof(result), result.State, "a state without a note"),
    };
}
