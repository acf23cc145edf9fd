using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;
using Morag.Failover.Node.Http.OpenApi;
using Morag.Failover.Node.Http.Tasks;

namespace Morag.Failover.Node.Http.Queues;

/// <summary>The counts of all queues and the entries of one queue.</summary>
internal static class QueueEndpoints
{
    public static void MapQueues(this IEndpointRouteBuilder api)
    {
        var queues = api.MapGroup("/queues").WithTags("Queues");
        queues.MapGet("", Stats).CanBeIncomplete().Describes<QueueStats[]>("The counts of every queue");
        queues.MapGet("{queue}", Entries).Refuses(StatusCodes.Status404NotFound).Describes<QueueEntry[]>(
            "The entries of one queue in the order of their ids, paged: unfinished ones, or those in one state");
    }

    private static async Task<IResult> Stats(HttpContext context, FailoverGateway gateway) => Answer.Ok(await Count(context, gateway));

    /// <summary>The counts of every queue.</summary>
    internal static async Task<QueueStats[]> Count(HttpContext context, FailoverGateway gateway)
    {
        var parts = await gateway.AskEveryQueue<QueueStatsReply>(
            context, partition => new GetQueueStats { Partition = partition });
        return
        [
            .. gateway.Settings.Queues.Definitions.Select(queue => Sum(
                queue.Name, [.. parts.SelectMany(part => part.Queues).Where(part => part.QueueType == queue.Name)])),
        ];
    }

    private static async Task<IResult> Entries(
        HttpContext context, FailoverGateway gateway, string queue, string? state, string? limit, string? after)
    {
        var name = Rules.Id<QueueName>(queue, "queue");
        if (gateway.Settings.Queues.Find(name) is null)
        {
            return Problem.Of(Refused.Unknown($"there is no queue {name}"));
        }

        var filter = new TaskFilter { Queue = name, State = Rules.OptionalEnum<TaskState>(state, "state") };
        var wanted = new ListTasks { Partition = 0, Filter = filter, OnlyUnfinished = filter.State is null };
        return await TaskEndpoints.ListPage(context, gateway, wanted, limit, after);
    }

    private static QueueStats Sum(QueueName queue, QueueStats[] parts) => new()
    {
        QueueType = queue,
        TotalTasks = parts.Sum(part => part.TotalTasks),
        PendingTasks = parts.Sum(part => part.PendingTasks),
        ProcessingTasks = parts.Sum(part => part.ProcessingTasks),
        CompletedTasks = parts.Sum(part => part.CompletedTasks),
        FailedTasks = parts.Sum(part => part.FailedTasks),
        // Weighted by completed tasks, each of which was leased at least once; running tasks are too few to matter.
        AverageWaitTime = Mean(parts, part => part.AverageWaitTime),
        AverageProcessingTime = Mean(parts, part => part.AverageProcessingTime),
        // Each partition sees the whole fleet.
        WorkerCount = parts.Length == 0 ? 0 : parts.Max(part => part.WorkerCount),
        Unserved = parts.Any(part => part.Unserved),
        ParkedTasks = parts.Sum(part => part.ParkedTasks),
        Pause = parts.Select(part => part.Pause).FirstOrDefault(pause => pause is not null),
        UnmetNeeds =
        [
            .. parts.SelectMany(part => part.UnmetNeeds)
                .GroupBy(unmet => unmet.Need)
                .Select(unmet => new UnmetNeed { Need = unmet.Key, Tasks = unmet.Sum(part => part.Tasks) })
                .OrderByDescending(unmet => unmet.Tasks),
        ],
    };

    private static double Mean(QueueStats[] parts, Func<QueueStats, double> value)
    {
        var weight = parts.Sum(part => part.CompletedTasks);
        return weight > 0
            ? parts.Sum(part => value(part) * part.CompletedTasks) / weight
            : parts.Length == 0 ? 0 : parts.Average(value);
    }
}
