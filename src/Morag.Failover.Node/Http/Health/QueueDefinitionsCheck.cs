using Morag.Failover.Contracts.Queues;
using Morag.Failover.Node.Configuration;
using Morag.Failover.Node.Http.Answers;

namespace Morag.Failover.Node.Http.Health;

/// <summary>
/// Ends a node that starts with settings that lack a queue that still holds tasks: nobody could ever take them, nor would anything say
/// so. They can only be counted once the queue partitions have recovered, so the node is not ready until then. It goes on looking: a
/// partition may come over from a node that defines other queues. Then it says so in the log, and goes on serving the others.
/// </summary>
internal sealed class QueueDefinitionsCheck(FailoverGateway gateway, IHostApplicationLifetime lifetime, ILogger<QueueDefinitionsCheck> log)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LaterInterval = TimeSpan.FromSeconds(30);
    private volatile bool passed;

    /// <summary>Why the node has to end; null where nothing is wrong, or it is not known yet.</summary>
    public ConfigurationRefusedException? Refusal { get; private set; }

    /// <summary>The node is not ready before the queues are known.</summary>
    public ReadinessCheck Readiness => ReadinessCheck.Of(
        "queues", _ => Task.FromResult(passed ? null : "the queue partitions have not yet said which queues hold tasks"));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Refusal = await LookAsync(Interval, stoppingToken);
        if (Refusal is not null)
        {
            lifetime.StopApplication();
            return;
        }

        passed = true;
        for (string? said = null; !stoppingToken.IsCancellationRequested;)
        {
            await Task.Delay(LaterInterval, stoppingToken);
            var found = (await LookAsync(LaterInterval, stoppingToken))?.Message;
            if (found is not null && found != said)
            {
                log.LogError("A queue partition has come to this node with tasks that it can give to nobody. {Refusal}", found);
            }

            said = found;
        }
    }

    /// <summary>What is wrong, once every partition has answered.</summary>
    private async Task<ConfigurationRefusedException?> LookAsync(TimeSpan again, CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                return RefusalOf(await gateway.AskEveryQueue<QueueStatsReply>(partition => new GetQueueStats { Partition = partition }, stopping));
            }
            catch (ProblemException)
            {
                // A partition has not recovered yet; readiness says which.
                await Task.Delay(again, stopping);
            }
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
