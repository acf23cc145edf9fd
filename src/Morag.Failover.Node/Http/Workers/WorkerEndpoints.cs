using System.Collections.Immutable;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Node.Http.Access;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Workers;

/// <summary>Reading workers, and the operator's calls about them.</summary>
internal static class WorkerEndpoints
{
    public static void MapWorkers(this IEndpointRouteBuilder api)
    {
        var workers = api.MapGroup("/workers").WithTags("Workers");
        workers.MapGet("", List).CanBeIncomplete().Describes<WorkerInfo[]>("List workers in the order of their ids, paged");
        workers.MapGet("stats", Stats).CanBeIncomplete().Describes<WorkerStats>("Count the workers of the whole fleet");
        workers.MapGet("{id}", Get).OpenToWorkers(WorkerPlace.Path, andReaders: true).Refuses(StatusCodes.Status404NotFound)
            .Describes<WorkerInfo>("Get one worker");
        workers.MapGet("{id}/reliability", Reliability).Refuses(StatusCodes.Status404NotFound)
            .Describes<WorkerReliabilityScore>("Get the score and the breaker of one worker");
        workers.MapPost("{id}/drain", DrainFromBody).Reads<DrainRequest>().Refuses(StatusCodes.Status404NotFound)
            .Describes<WorkerChangedAnswer>("Operator: drain a worker; it gets no new tasks and keeps the ones it holds");
        workers.MapPost("{id}/resume", Resume).Refuses(StatusCodes.Status404NotFound)
            .Describes<WorkerChangedAnswer>("Operator: end a drain or an operator's offline");
        workers.MapPost("{id}/breaker", SetBreakerFromBody).Reads<BreakerRequest>().Refuses(StatusCodes.Status404NotFound)
            .Describes<WorkerReliabilityScore>("Operator: open, close or reset the breaker");
        workers.MapDelete("{id}", Unregister).OpenToWorkers(WorkerPlace.Path)
            .Refuses(StatusCodes.Status404NotFound, StatusCodes.Status409Conflict)
            .Describes<WorkerChangedAnswer>("Unregister a worker; its leases are released without blame");
    }

    private static async Task<IResult> List(HttpContext context, FailoverGateway gateway, string? limit, string? after)
    {
        var (workers, next) = await ListPage(context, gateway, limit, after);
        return Answer.Page(context, workers, next);
    }

    /// <summary>One page of the workers of all buckets, and where the next one begins.</summary>
    internal static async Task<(List<WorkerInfo> Workers, string? Next)> ListPage(
        HttpContext context, FailoverGateway gateway, string? limit, string? after)
    {
        var most = Rules.Limit(limit);
        var afterId = Rules.OptionalId<WorkerId>(after, "after");
        var (entries, hasMore) = await Pages.First<WorkerInfo>(
            most,
            gateway.Settings.Partitions.DirectoryBuckets,
            static (a, b) => string.CompareOrdinal(a.Registration.WorkerId.Value, b.Registration.WorkerId.Value),
            async perBucket =>
            {
                var pages = await gateway.AskEveryBucket<WorkerPage>(
                    context, bucket => new ListWorkers { Bucket = bucket, After = afterId, Limit = perBucket });
                return [.. pages.Select(page => (page.Workers, page.HasMore))];
            });
        return (entries, hasMore ? entries[^1].Registration.WorkerId.Value : null);
    }

    /// <summary>
    /// The workers of a page with the rhythms of their heartbeats, which only their entities know. Lost workers are not asked: that would
    /// start their entities.
    /// </summary>
    internal static async Task<IReadOnlyList<WorkerInfo>> WithHeartbeats(
        HttpContext context, FailoverGateway gateway, IReadOnlyList<WorkerInfo> workers)
    {
        return await Task.WhenAll(workers.Select(Ask));

        async Task<WorkerInfo> Ask(WorkerInfo worker)
        {
            if (worker.Liveness == Liveness.Offline || worker.Registration.HeartbeatIntervalSeconds is null)
            {
                return worker;
            }

            var get = new GetWorker { WorkerId = worker.Registration.WorkerId };
            var answer = await gateway.Answer(gateway.Regions.Workers, get, TimeSpan.Zero, context.RequestAborted);
            return answer is WorkerInfo now
                ? worker with { Heartbeats = now.Heartbeats, LastHeartbeat = now.LastHeartbeat ?? worker.LastHeartbeat }
                : worker;
        }
    }

    private static async Task<IResult> Stats(HttpContext context, FailoverGateway gateway) => Answer.Ok(await Count(context, gateway));

    /// <summary>The counts of the whole fleet.</summary>
    internal static async Task<WorkerStats> Count(HttpContext context, FailoverGateway gateway)
    {
        var parts = await gateway.AskEveryBucket<WorkerStats>(context, bucket => new GetWorkerStats { Bucket = bucket });
        return new WorkerStats
        {
            TotalWorkers = parts.Sum(part => part.TotalWorkers),
            AliveWorkers = parts.Sum(part => part.AliveWorkers),
            SuspectWorkers = parts.Sum(part => part.SuspectWorkers),
            OfflineWorkers = parts.Sum(part => part.OfflineWorkers),
            DrainingWorkers = parts.Sum(part => part.DrainingWorkers),
            ActiveCircuitBreakers = parts.Sum(part => part.ActiveCircuitBreakers),
            WorkersWithReliabilityData = parts.Sum(part => part.WorkersWithReliabilityData),
            ByCapability = parts
                .SelectMany(part => part.ByCapability)
                .GroupBy(count => count.Key, count => count.Value)
                .ToImmutableSortedDictionary(counts => counts.Key, counts => counts.Sum(), StringComparer.Ordinal),
        };
    }

    private static async Task<IResult> Get(HttpContext context, FailoverGateway gateway, string id) =>
        Answer.Ok(await Read(context, gateway, id));

    /// <summary>One worker.</summary>
    /// <exception cref="ProblemException">There is no such worker.</exception>
    internal static async Task<WorkerInfo> Read(HttpContext context, FailoverGateway gateway, string id)
    {
        var seen = await Find(context, gateway, id);
        var info = await gateway.AskWorkers<WorkerInfo>(new GetWorker { WorkerId = seen.WorkerId }, context.RequestAborted);
        // The entity of an offline worker may have restarted since the last heartbeat; the directory still knows the last metrics.
        return info with
        {
            LastHeartbeat = info.LastHeartbeat ?? seen.At,
            Metrics = info.Metrics ?? seen.Metrics,
            ClockSkewSeconds = info.ClockSkewSeconds ?? seen.ClockSkewSeconds,
        };
    }

    private static async Task<IResult> Reliability(HttpContext context, FailoverGateway gateway, string id) =>
        Answer.Ok(await ReadScore(context, gateway, id));

    /// <summary>The score and the breaker of one worker.</summary>
    /// <exception cref="ProblemException">There is no such worker.</exception>
    internal static async Task<WorkerReliabilityScore> ReadScore(HttpContext context, FailoverGateway gateway, string id)
    {
        var worker = await Known(context, gateway, id);
        return await gateway.AskWorkers<WorkerReliabilityScore>(new GetWorkerReliability { WorkerId = worker }, context.RequestAborted);
    }

    /// <summary>
    /// Finds the worker in the directory. A message to the worker's entity would start it even if the worker does not exist.
    /// </summary>
    /// <exception cref="ProblemException">There is no such worker.</exception>
    internal static async Task<WorkerId> Known(HttpContext context, FailoverGateway gateway, string id) =>
        (await Find(context, gateway, id)).WorkerId;

    private static Task<WorkerSeen> Find(HttpContext context, FailoverGateway gateway, string id)
    {
        var worker = Worker(id);
        var bucket = Partition.Of(worker, gateway.Settings.Partitions.DirectoryBuckets);
        var find = new FindWorker { Bucket = bucket, WorkerId = worker };
        return gateway.Ask<WorkerSeen>(gateway.Regions.Directory, find, TimeSpan.Zero, context.RequestAborted);
    }

    private static async Task<IResult> DrainFromBody(HttpContext context, FailoverGateway gateway, string id) =>
        await Drain(context, gateway, id, await JsonBody.Read<DrainRequest>(context));

    /// <summary>Drains a worker.</summary>
    internal static async Task<IResult> Drain(HttpContext context, FailoverGateway gateway, string id, DrainRequest request)
    {
        var worker = Worker(id);
        var drain = new DrainWorker
        {
            WorkerId = worker,
            Reason = Rules.Reason(request.Reason),
            By = context.CallerName(),
            Deadline = request.DeadlineSeconds is { } seconds
                ? Rules.Seconds(seconds, 0, WorkerLimits.MaxDrainSeconds, "deadline_seconds")
                : null,
        };
        _ = await gateway.AskWorkers<Done>(drain, context.RequestAborted);
        return Changed(worker, "draining: the worker gets no new tasks until you resume it");
    }

    /// <summary>Ends a drain or an operator's offline.</summary>
    internal static async Task<IResult> Resume(HttpContext context, FailoverGateway gateway, string id)
    {
        var worker = Worker(id);
        _ = await gateway.AskWorkers<Done>(new ResumeWorker { WorkerId = worker, By = context.CallerName() }, context.RequestAborted);
        return Changed(worker, "resumed: the worker gets new tasks again");
    }

    private static async Task<IResult> SetBreakerFromBody(HttpContext context, FailoverGateway gateway, string id) =>
        await SetBreaker(context, gateway, id, await JsonBody.Read<BreakerRequest>(context));

    /// <summary>Opens, closes or resets the breaker of a worker.</summary>
    internal static async Task<IResult> SetBreaker(HttpContext context, FailoverGateway gateway, string id, BreakerRequest request)
    {
        var worker = Worker(id);
        var set = new SetBreaker
        {
            WorkerId = worker,
            Action = Rules.Required(request.Action, "action"),
            Reason = Rules.Reason(request.Reason),
            By = context.CallerName(),
        };
        return Answer.Ok(await gateway.AskWorkers<WorkerReliabilityScore>(set, context.RequestAborted));
    }

    private static async Task<IResult> Unregister(
        HttpContext context,
        FailoverGateway gateway,
        string id,
        [Microsoft.AspNetCore.Mvc.FromQuery(Name = "instance_id")] string? instanceId)
    {
        var worker = Worker(id);
        var leave = new UnregisterWorker
        {
            WorkerId = worker,
            InstanceId = Rules.OptionalId<InstanceId>(instanceId, "instance_id"),
            By = context.CallerName(),
        };
        _ = await gateway.AskWorkers<Done>(leave, context.RequestAborted);
        return Changed(worker, "unregistered: its leases are released");
    }

    private static WorkerId Worker(string id) => Rules.Id<WorkerId>(id, "worker_id");

    private static IResult Changed(WorkerId worker, string message) =>
        Answer.Ok(new WorkerChangedAnswer { WorkerId = worker, Message = message });
}
