using Morag.Failover.Contracts.Queues;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Health;

/// <summary>
/// Ends a node that starts without the definition of a queue that still holds tasks: no worker could ever take those tasks. They can only
/// be counted once the queue partitions have recovered, so the node is not ready until then. A partition that moves to this node later
/// logs the queues that it lacks.
/// </summary>
internal sealed class QueueDefinitionsCheck(FailoverGateway gateway, IHostApplicationLifetime lifetime) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);
    private volatile bool passed;

    /// <summary>Why the node has to end; null where nothing is wrong, or it is not known yet.</summary>
    public ConfigurationRefusedException? Refusal { get; private set; }

    /// <summary>The node is not ready before the queues are known.</summary>
    public ReadinessCheck Readiness => ReadinessCheck.Of(
        "queues", _ => Task.FromResult(passed ? null : "the queue partitions have not yet said which queues hold tasks"));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (Refusal is null && !passed)
        {
            try
            {
                Refusal = RefusalOf(await gateway.AskEveryQueue<QueueStatsReply>(partition => new GetQueueStats { Partition = partition }, stoppingToken));
                passed = Refusal is null;
            }
            catch (ProblemException)
            {
                // A partition has not recovered yet; readiness says which.
                await Task.Delay(Interval, stoppingToken);
            }
        }

        if (!passed)
        {
            lifetime.StopApplication();
        }
    }

    /// <summary>The refusal of settings that lack a queue with tasks in it, or null.</summary>
    internal static ConfigurationRefusedException? RefusalOf(IEnumerable<QueueStatsReply> parts)
    {
        var undefined = parts
            .SelectMany(part => part.Undefined)
            .GroupBy(queue => queue.Queue.Value, queue => queue.UnfinishedTasks)
            .OrderBy(queue => queue.Key, StringComparer.Ordinal)
            .Select(queue => $"{queue.Key} ({queue.Sum()} tasks)")
            .ToList();
        return undefined.Count == 0 ? null : new ConfigurationRefusedException(
            $"morag.failover.queues.definitions is refused: it lacks {string.Join(", ", undefined)}, whose tasks have not ended. "
            + "Define them again, let the tasks end (or requeue parked ones elsewhere, or cancel them), and remove them then");
    }
}
