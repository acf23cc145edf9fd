using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Failures;

/// <summary>Reporting failures and reading decisions.</summary>
internal static class FailureEndpoints
{
    public static void MapFailures(this IEndpointRouteBuilder api)
    {
        var failures = api.MapGroup("/failures").WithTags("Failures");
        failures.MapPost("", Report).OpenToReporters().Reads<ReportFailureRequest>()
            .WithMetadata(new OtherAnswer(typeof(StaleReportAnswer)))
            .Describes<FailoverDecision>(
            "Report a failure from any observer; a stale report is answered with {task_id, stale: true, detail}");
        failures.MapGet("", List).CanBeIncomplete().Describes<FailoverDecision[]>(
            "List failures with their decisions, newest first, paged; filter by time, type, worker and task");
        failures.MapGet("stale", ListStale).CanBeIncomplete().Describes<ListedStaleReport[]>(
            "List reports that changed nothing because their lease had already ended, newest first, paged; filter by task and worker");
        failures.MapGet("statistics", Statistics).CanBeIncomplete().Describes<FailureStatistics>(
            "Count failures, open breakers and workers with a reliability score");
    }

    private static async Task<IResult> Report(HttpContext context, FailoverGateway gateway)
    {
        var report = FailureReports.FromObserver(await JsonBody.Read<ReportFailureRequest>(context));
        return await gateway.Answer(gateway.Regions.Coordinators, report, TimeSpan.Zero, context.RequestAborted) switch
        {
            FailoverDecision decision => Answer.Ok(decision),
            FailureStale stale => Answer.Ok(new StaleReportAnswer { TaskId = stale.TaskId, Detail = stale.Detail }),
            Refused refused => Problem.Of(refused),
            var other => throw new InvalidOperationException($"ReportFailure was answered with {other.GetType().Name}"),
        };
    }

    private static async Task<IResult> List(
        HttpContext context,
        FailoverGateway gateway,
        string? since,
        string? until,
        string? type,
        string? worker,
        string? task,
        string? limit,
        string? after)
    {
        var wanted = new ListFailures
        {
            Partition = 0,
            Since = Rules.OptionalTime(since, "since"),
            Until = Rules.OptionalTime(until, "until"),
            Type = Rules.OptionalEnum<FailureType>(type, "type"),
            Worker = Rules.OptionalId<WorkerId>(worker, "worker"),
            Task = Rules.OptionalId<TaskId>(task, "task"),
        };
        var (decisions, next) = await ReadPage(context, gateway, wanted, limit, after);
        return Answer.Page(context, decisions, next);
    }

    /// <summary>One page of the matching failures over all coordinators, and where the next one begins.</summary>
    internal static async Task<(List<FailoverDecision> Decisions, string? Next)> ReadPage(
        HttpContext context, FailoverGateway gateway, ListFailures wanted, string? limit, string? after)
    {
        var most = Rules.Limit(limit);
        var from = FailureCursorText.Parse(after);
        var (entries, hasMore) = await Pages.First<FailoverDecision>(
            most,
            gateway.Settings.Partitions.Coordinators,
            NewestFirst,
            async perCoordinator =>
            {
                var pages = await gateway.AskEveryCoordinator<FailurePage>(
                    context, partition => wanted with { Partition = partition, After = from, Limit = perCoordinator });
                return [.. pages.Select(page => (page.Decisions, page.HasMore))];
            });
        return (entries, hasMore ? FailureCursorText.Of(entries[^1]) : null);
    }

    private static async Task<IResult> ListStale(
        HttpContext context, FailoverGateway gateway, string? worker, string? task, string? limit, string? after)
    {
        var most = Rules.Limit(limit);
        var wanted = new ListStaleReports
        {
            Partition = 0,
            Worker = Rules.OptionalId<WorkerId>(worker, "worker"),
            Task = Rules.OptionalId<TaskId>(task, "task"),
            After = FailureCursorText.ParseStale(after),
        };
        var (entries, hasMore) = await Pages.First<ListedStaleReport>(
            most,
            gateway.Settings.Partitions.Coordinators,
            static (a, b) => b.At.CompareTo(a.At) is not 0 and var byTime ? byTime : string.CompareOrdinal(b.TaskId.Value, a.TaskId.Value),
            async perCoordinator =>
            {
                var pages = await gateway.AskEveryCoordinator<StaleReportPage>(
                    context, partition => wanted with { Partition = partition, Limit = perCoordinator });
                return [.. pages.Select(page => (page.Reports, page.HasMore))];
            });
        return Answer.Page(context, entries, hasMore ? FailureCursorText.Of(entries[^1]) : null);
    }

    private static async Task<IResult> Statistics(HttpContext context, FailoverGateway gateway) =>
        Answer.Ok(await Count(context, gateway));

    /// <summary>The counts of failures, and of workers in trouble.</summary>
    internal static async Task<FailureStatistics> Count(HttpContext context, FailoverGateway gateway)
    {
        var failures = await gateway.AskEveryCoordinator<FailureStatistics>(
            context, partition => new GetFailureStatistics { Partition = partition });
        var workers = await gateway.AskEveryBucket<WorkerStats>(context, bucket => new GetWorkerStats { Bucket = bucket });
        return Sum(failures, workers);
    }

    private static FailureStatistics Sum(List<FailureStatistics> failures, List<WorkerStats> workers) => new()
    {
        TotalFailures = failures.Sum(part => part.TotalFailures),
        RecentFailures24h = failures.Sum(part => part.RecentFailures24h),
        FailureByType = failures
            .SelectMany(part => part.FailureByType)
            .GroupBy(count => count.Key, count => count.Value)
            .ToImmutableSortedDictionary(counts => counts.Key, counts => counts.Sum(), StringComparer.Ordinal),
        ActiveCircuitBreakers = workers.Sum(part => part.ActiveCircuitBreakers),
        WorkersWithReliabilityData = workers.Sum(part => part.WorkersWithReliabilityData),
    };

    private static int NewestFirst(FailoverDecision a, FailoverDecision b)
    {
        var byTime = b.FailureEvent.OccurredAt.CompareTo(a.FailureEvent.OccurredAt);
        return byTime != 0
            ? byTime
            : string.CompareOrdinal(b.DecisionMetadata.FailureId.Value, a.DecisionMetadata.FailureId.Value);
    }
}
