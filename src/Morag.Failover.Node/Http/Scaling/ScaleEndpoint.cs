using System.Collections.Immutable;
using System.Globalization;
using Akka.Actor;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;

namespace Morag.Failover.Node.Http.Scaling;

/// <summary>
/// <c>GET /scale</c>: how much work there is, and which workers are not needed, for KEDA and scripts. With <c>?queue=</c> the document of
/// that queue alone, whose numbers KEDA's metrics-api scaler can read.
/// </summary>
internal static class ScaleEndpoint
{
    /// <summary>The most idle workers that are listed: one question to the queues names them all.</summary>
    private const int MostIdle = CallLimits.MaxEntries;

    private const int DefaultWithin = 60;
    private const int MostWithin = 24 * 60 * 60;

    public static void MapScale(this IEndpointRouteBuilder api) => api.MapGroup("/scale").WithTags("Queues")
        .MapGet("", Scale).Refuses(StatusCodes.Status404NotFound).WithMetadata(new OtherAnswer(typeof(QueueScale)))
        .Describes<ScaleAnswer>(
            "How much work each queue and capability has, and which workers are idle or safe to stop; with queue, the entry of that queue");

    private static async Task<IResult> Scale(
        HttpContext context, FailoverGateway gateway, ActorSystem system, string? queue, string? within)
    {
        var horizon = Within(within);
        var name = Rules.OptionalId<QueueName>(queue, "queue");
        if (name is { } unknown && gateway.Settings.Queues.Find(unknown) is null)
        {
            return Problem.Of(Refused.Unknown($"there is no queue {unknown}"));
        }

        var parts = await gateway.AskEveryQueue<QueueDemandReply>(
            context, partition => new GetQueueDemand { Partition = partition, Within = horizon });
        var demands = parts.SelectMany(part => part.Queues).ToLookup(demand => demand.Queue);
        var now = system.Scheduler.Now;
        ImmutableArray<QueueScale> queues =
        [
            .. from defined in gateway.Settings.Queues.Definitions
               select Of(defined, [.. demands[defined.Name]], now),
        ];
        var workers = name is null ? await WorkersAsync(context, gateway) : [];

        // What is down may hold tasks and leases. A scaler must not remove machines because of that.
        if (context.Response.Headers[ResponseHeaders.Incomplete] is { Count: > 0 } missing)
        {
            return Problem.Of(Refused.Unavailable($"{missing} cannot be asked, so the demand is not known. Keep the number of workers"));
        }

        return name is { } one
            ? Answer.Ok(queues.Single(each => each.Queue == one))
            : Answer.Ok(new ScaleAnswer
            {
                WithinSeconds = horizon.TotalSeconds,
                Queues = queues,
                Capabilities = [.. new[] { WorkerCapability.Cpu, WorkerCapability.Gpu }.Select(capability => Of(capability, queues))],
                Workers = workers,
            });
    }

    private static QueueScale Of(QueueDefinition queue, IReadOnlyList<QueueDemand> parts, DateTimeOffset now)
    {
        var oldest = parts.Min(part => part.OldestSince);
        return new QueueScale
        {
            Queue = queue.Name,
            Capability = queue.Gpu ? WorkerCapability.Gpu : WorkerCapability.Cpu,
            Queued = parts.Sum(part => part.Queued),
            Leased = parts.Sum(part => part.Leased),
            ComingDue = parts.Sum(part => part.ComingDue),
            Deciding = parts.Sum(part => part.Deciding),

            // More workers would get no task of a paused queue.
            Demand = parts.Sum(part => part.Leased + (part.Paused ? 0 : part.Queued + part.ComingDue + part.Deciding)),
            OldestSeconds = oldest is { } since ? Math.Round(Math.Max(0, (now - since).TotalSeconds), 3) : 0,
            Paused = parts.Any(part => part.Paused),
        };
    }

    private static CapabilityScale Of(WorkerCapability capability, IEnumerable<QueueScale> queues)
    {
        var served = queues.Where(queue => queue.Capability == capability).ToList();
        return new CapabilityScale
        {
            Capability = capability,
            Queued = served.Sum(queue => queue.Queued),
            Leased = served.Sum(queue => queue.Leased),
            ComingDue = served.Sum(queue => queue.ComingDue),
            Deciding = served.Sum(queue => queue.Deciding),
            Demand = served.Sum(queue => queue.Demand),
            OldestSeconds = served.Select(queue => queue.OldestSeconds).DefaultIfEmpty().Max(),
        };
    }

    /// <summary>
    /// What the directory knows of held leases may be seconds old, so the queues are asked about the workers that seem idle.
    /// </summary>
    private static async Task<ImmutableArray<WorkerScale>> WorkersAsync(HttpContext context, FailoverGateway gateway)
    {
        var buckets = await gateway.AskEveryBucket<IdleWorkers>(
            context, bucket => new ListIdleWorkers { Bucket = bucket, Limit = MostIdle });
        var idle = buckets.SelectMany(bucket => bucket.Workers)
            .OrderByDescending(worker => worker.Draining)
            .ThenBy(worker => worker.WorkerId.Value, StringComparer.Ordinal)
            .Take(MostIdle)
            .ToList();
        var holders = await gateway.AskEveryQueue<LeaseHolders>(context, partition => new GetLeaseHolders
        {
            Partition = partition,
            Workers = [.. idle.Select(worker => worker.WorkerId)],
        });
        var holding = holders.SelectMany(part => part.Workers).ToHashSet();
        idle.RemoveAll(worker => holding.Contains(worker.WorkerId));
        var alive = buckets.SelectMany(bucket => bucket.Alive).ToLookup(count => count.Capability);
        return
        [
            .. Enum.GetValues<WorkerCapability>().Select(capability => new WorkerScale
            {
                Capability = capability,
                Alive = alive[capability].Sum(count => count.Alive),
                Available = alive[capability].Sum(count => count.Available),
                Idle = Those(capability, draining: false),
                SafeToStop = Those(capability, draining: true),
            }),
        ];

        ImmutableArray<WorkerId> Those(WorkerCapability capability, bool draining) =>
        [
            .. idle.Where(worker => worker.Capability == capability && worker.Draining == draining).Select(worker => worker.WorkerId),
        ];
    }

    /// <summary>Reads <c>within</c>: seconds, with or without an <c>s</c>.</summary>
    private static TimeSpan Within(string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return TimeSpan.FromSeconds(DefaultWithin);
        }

        return double.TryParse(text.TrimEnd('s'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
            ? Rules.Seconds(seconds, 0, MostWithin, "within")
            : throw ProblemException.Invalid("within", "must be a number of seconds, such as 60s");
    }
}
