using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Sizes;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Workers;

/// <summary><c>POST /workers/{id}/results</c>: a batch of outcomes, each answered on its own, in order.</summary>
internal static class WorkerResultsEndpoint
{
    public static void MapWorkerResults(this IEndpointRouteBuilder api) => api.MapPost("/workers/{id}/results", Results)
        .WithTags("Workers")
        .OpenToWorkers(WorkerPlace.Path)
        .Reads<OutcomeRequest[]>()
        .Describes<LeaseAnswer[]>("Report a batch of completions and failures, each answered on its own, in order");

    private static async Task<IResult> Results(HttpContext context, FailoverGateway gateway, string id)
    {
        var worker = Rules.Id<WorkerId>(id, "worker_id");
        var (requests, _) = await JsonBody.ReadMany<OutcomeRequest>(context, JsonBody.MaxBytesWithPayloads, orOne: false);
        var answers = new LeaseAnswer[requests.Length];
        var completions = new List<(int Place, TaskCompletion Completion)>(requests.Length);
        var failures = new List<(int Place, ReportFailure Report)>();
        for (var place = 0; place < requests.Length; place++)
        {
            var at = JsonPath.Item("", place);
            if (requests[place].FailureType is null)
            {
                completions.Add((place, Completion(requests[place], gateway.Settings.Queues.MaxPayload, at)));
            }
            else
            {
                var task = Rules.Required(requests[place].TaskId, JsonPath.Join(at, "task_id"));
                failures.Add((place, FailureReports.FromHolder(requests[place], task, worker, at)));
            }
        }

        // Everything is validated before the first message is sent, so an invalid body changes nothing.
        var partitions = gateway.Settings.Partitions.Queues;
        await Task.WhenAll(
            completions.GroupBy(entry => Partition.Of(entry.Completion.TaskId, partitions))
                .Select(group => Complete(gateway, worker, group.Key, [.. group], answers, context.RequestAborted))
                .Concat(failures.Select(entry => Fail(gateway, entry.Place, entry.Report, answers, context.RequestAborted))));
        return Answer.Ok(answers);
    }

    private static TaskCompletion Completion(OutcomeRequest request, int maxPayload, string at) => new()
    {
        TaskId = Rules.Required(request.TaskId, JsonPath.Join(at, "task_id")),
        Epoch = Rules.Required(request.Epoch, JsonPath.Join(at, "epoch")),
        Result = request.ErrorMessage is null
            ? Rules.Json(request.Result ?? default, maxPayload, JsonPath.Join(at, "result"))
            : throw ProblemException.Invalid(JsonPath.Join(at, "failure_type"), "is required with an error_message"),
    };

    private static async Task Complete(
        FailoverGateway gateway,
        WorkerId worker,
        int partition,
        (int Place, TaskCompletion Completion)[] entries,
        LeaseAnswer[] answers,
        CancellationToken cancellation)
    {
        foreach (var message in entries.InBatches(static entry => WireSize.Of(entry.Completion), MessageLimits.MaxGatheredBytes))
        {
            var complete = new CompleteTasks
            {
                Partition = partition,
                WorkerId = worker,
                Completions = [.. message.Select(entry => entry.Completion)],
            };
            var answer = await gateway.Answer(gateway.Regions.Queues, complete, TimeSpan.Zero, cancellation);
            for (var index = 0; index < message.Length; index++)
            {
                var (place, completion) = message[index];
                answers[place] = Answered(completion.TaskId, completion.Epoch, place, answer switch
                {
                    LeaseResults results => results.Results[index].Refused,
                    Refused refused => refused,
                    _ => throw new InvalidOperationException($"CompleteTasks was answered with {answer.GetType().Name}"),
                });
            }
        }
    }

    private static async Task Fail(
        FailoverGateway gateway, int place, ReportFailure report, LeaseAnswer[] answers, CancellationToken cancellation)
    {
        var epoch = report.Epoch!.Value;
        answers[place] = await gateway.Answer(gateway.Regions.Coordinators, report, TimeSpan.Zero, cancellation) switch
        {
            FailoverDecision decision => Answered(report.TaskId, epoch, place, null) with { Decision = decision },
            FailureStale stale => Answered(report.TaskId, epoch, place, null) with
            {
                Accepted = false,
                Error = Problem.Stale(stale.Detail),
            },
            Refused refused => Answered(report.TaskId, epoch, place, refused),
            var other => throw new InvalidOperationException($"ReportFailure was answered with {other.GetType().Name}"),
        };
    }

    private static LeaseAnswer Answered(TaskId task, LeaseEpoch epoch, int place, Refused? refused) => new()
    {
        TaskId = task,
        Epoch = epoch,
        Accepted = refused is null,
        Error = refused is null ? null : Problem.Of(refused, JsonPath.Item("", place)),
    };
}
