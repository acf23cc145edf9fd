using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Configuration;

namespace Morag.Failover.Node.Http.Health;

/// <summary>
/// Stops a node that starts without the definition of a queue that still holds unfinished tasks, because no worker could ever lease those
/// tasks. The queue partitions must recover before the tasks can be counted, so the node is not ready until then. If only some of them are
/// down, the node does without their answers: a partition that recovers or moves to this node later logs its undefined queues instead.
/// </summary>
internal sealed class QueueDefinitionsCheck(FailoverGateway gateway, ClusterDoubt doubt, IHostApplicationLifetime lifetime)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);
    private volatile bool passed;

    /// <summary>Why the node must stop; null if the check passed or has not finished.</summary>
    public ConfigurationRefusedException? Refusal { get; private set; }

    /// <summary>Fails until the check has passed.</summary>
    public ReadinessCheck Readiness => ReadinessCheck.Of(
        "queues", _ => Task.FromResult(passed ? null : "the queue partitions have not yet reported which queues hold tasks"));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (Refusal is null && !passed)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, gateway.Settings.Partitions.Queues).Select(
                partition => gateway.AnswerOfQueue(new GetQueueStats { Partition = partition }, stoppingToken)));
            Refusal = RefusalOf(answers.OfType<QueueStatsReply>());
            passed = Refusal is null && Suffices(answers, doubt.IsKnownDown);
            if (Refusal is null && !passed)
            {
                // A partition has not recovered yet; /health/ready names it.
                await Task.Delay(Interval, stoppingToken);
            }
        }

        if (!passed)
        {
            lifetime.StopApplication();
        }
    }

    /// <summary>Whether some partitions answered, and the others are known to be down.</summary>
    internal static bool Suffices(object[] answers, Func<string, bool> isKnownDown) =>
        Array.Exists(answers, answer => answer is QueueStatsReply)
        && answers.Index().All(answer => answer.Item is QueueStatsReply || isKnownDown(PersistenceIds.Queue(answer.Index)));

    /// <summary>The refusal of settings that do not define a queue with unfinished tasks; null if all are defined.</summary>
    internal static ConfigurationRefusedException? RefusalOf(IEnumerable<QueueStatsReply> parts)
    {
        var undefined = parts
            .SelectMany(part => part.Undefined)
            .GroupBy(queue => queue.Queue.Value, queue => queue.UnfinishedTasks)
            .OrderBy(queue => queue.Key, StringComparer.Ordinal)
            .Select(queue => $"{queue.Key} ({Counted.Of(queue.Sum(), "unfinished task")})")
            .ToList();
        return undefined.Count == 0 ? null : new ConfigurationRefusedException(
            $"morag.failover.queues.definitions is refused: it does not define {string.Join(", ", undefined)}. Define these queues again. "
            + "Remove a queue only after its tasks have finished, or after you have cancelled them or requeued them to another queue");
    }
}
