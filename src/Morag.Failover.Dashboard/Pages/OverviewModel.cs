using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Dashboard.Charts;
using Morag.Failover.Domain.Activity;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>What the start page shows.</summary>
public sealed record OverviewModel
{
    /// <summary>The counts of workers; null if no owner of workers answered.</summary>
    public required WorkerStats? Workers { get; init; }

    /// <summary>The counts of each queue; null if no owner of tasks answered.</summary>
    public required ImmutableArray<QueueStats>? Queues { get; init; }

    /// <summary>The counts of failures; null if no owner of failures answered.</summary>
    public required FailureStatistics? Failures { get; init; }

    /// <summary>Whether every owner answered. If not, nothing can be said to be well.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Since when the oldest task of a queue has waited; without the queues in which none waits.</summary>
    public required IReadOnlyDictionary<QueueName, DateTimeOffset> Oldest { get; init; }

    /// <summary>The owners that fail.</summary>
    public ImmutableArray<OwnerAlert> OwnersDown { get; init; } = [];

    /// <summary>The open alerts, those that were raised last first.</summary>
    public ImmutableArray<Alert> OpenAlerts { get; init; } = [];

    /// <summary>The nodes.</summary>
    public ImmutableArray<ClusterNode> Nodes { get; init; } = [];

    /// <summary>What happened over time.</summary>
    public required ActivityRollups Activity { get; init; }

    /// <summary>The range of the charts.</summary>
    public required ActivityRange Range { get; init; }

    /// <summary>The time of the page.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>The workers, by state.</summary>
    public IReadOnlyList<NamedCount> WorkerCounts =>
    [
        new("alive", Workers?.AliveWorkers, "good", "/workers"),
        new("suspect", Workers?.SuspectWorkers, "warn", "/workers"),
        new("offline", Workers?.OfflineWorkers, "bad", "/workers"),
        new("draining", Workers?.DrainingWorkers, "warn", "/workers"),
        new("with an open breaker", Workers?.ActiveCircuitBreakers, "bad", "/workers"),
        .. (Workers?.ByCapability ?? ImmutableSortedDictionary<string, int>.Empty)
            .Select(count => new NamedCount(count.Key, count.Value, "busy", "/workers")),
    ];

    /// <summary>The tasks, by state.</summary>
    public IReadOnlyList<NamedCount> TaskCounts =>
    [
        new("waiting", Queues?.Sum(queue => queue.PendingTasks), "off", "/tasks?state=queued"),
        new("running", Queues?.Sum(queue => queue.ProcessingTasks), "busy", "/tasks?state=leased"),
        new("parked", Queues?.Sum(queue => queue.ParkedTasks), "bad", "/parked"),
        new("succeeded", Queues?.Sum(queue => queue.CompletedTasks), "good", "/tasks?state=succeeded"),
        new("cancelled", Queues?.Sum(queue => queue.FailedTasks - queue.ParkedTasks), "off", "/tasks?state=cancelled"),
        new("failures in 24 hours", Failures?.RecentFailures24h, "warn", "/failures"),
    ];

    /// <summary>The charts.</summary>
    public IEnumerable<ChartData> Charts =>
    [
        ChartData.Counts("Failures", Activity, ActivityKind.Failure, Range, Now),
        ChartData.Counts("Decisions", Activity, ActivityKind.Decision, Range, Now),
        ChartData.Counts("Completed tasks", Activity, ActivityKind.Completion, Range, Now),
        ChartData.Durations("From failure until a worker leases the task again", Activity, ActivityKind.Recovery, Range, Now),
    ];

    /// <summary>What needs attention, the most urgent first.</summary>
    public IReadOnlyList<AttentionItem> Attention => [.. AllAttention().OrderBy(item => item.Urgency)];

    private ImmutableArray<QueueStats> KnownQueues => Queues ?? [];

    private IEnumerable<AttentionItem> AllAttention()
    {
        foreach (var owner in OwnersDown)
        {
            yield return new(Urgency.Critical, $"{owner.Owner} does not serve: {owner.Reason}.", "/cluster");
        }

        foreach (var alert in OpenAlerts.Where(alert => IsOnlyKnownFromAlerts(alert.Kind)))
        {
            var acknowledged = alert.AcknowledgedBy is { } by ? $" Acknowledged by {AlertsModel.Who(by)}." : "";
            yield return new(UrgencyOf(alert.Severity), alert.Message + acknowledged, "/alerts");
        }

        foreach (var node in Nodes.Where(node => !node.Reachable || node.Status is not ("up" or "weakly_up")))
        {
            var what = node.Reachable ? $"is {Texts.Words(node.Status)}" : "cannot be reached";
            yield return new(Urgency.Error, $"Node {node.Node} {what}.", "/cluster");
        }

        foreach (var queue in KnownQueues.Where(queue => queue.Pause is not null))
        {
            yield return new(Urgency.Warning, $"Queue {queue.QueueType} is paused: {queue.Pause!.Reason}", "/queues");
        }

        foreach (var queue in KnownQueues.Where(queue => queue.Unserved && queue.Pause is null))
        {
            yield return new(
                Urgency.Error,
                $"No worker can run tasks of {queue.QueueType}: {queue.UnservedBecause}.",
                $"/tasks?state=queued&queue={queue.QueueType}");
        }

        foreach (var queue in KnownQueues.Where(queue => queue.ParkedTasks > 0))
        {
            yield return new(
                Urgency.Warning,
                $"{Counted.Of(queue.ParkedTasks, "task")} of {queue.QueueType} {Verb(queue.ParkedTasks)} parked "
                + "until an operator decides.",
                $"/parked?queue={queue.QueueType}");
        }

        foreach (var (count, what) in new[]
        {
            (Workers?.OfflineWorkers ?? 0, "offline"),
            (Workers?.SuspectWorkers ?? 0, "suspect"),
            (Workers?.ActiveCircuitBreakers ?? 0, "kept idle by a breaker"),
        })
        {
            if (count > 0)
            {
                yield return new(Urgency.Warning, $"{Counted.Of(count, "worker")} {Verb(count)} {what}.", "/workers");
            }
        }

        if (Workers is { DrainingWorkers: > 0 and var draining })
        {
            yield return new(Urgency.Info, $"{Counted.Of(draining, "worker")} {Verb(draining)} draining.", "/workers");
        }
    }

    /// <summary>
    /// Whether only the owner of alerts knows of it, because it shows over time. All else is read from the state and shown at once.
    /// </summary>
    private static bool IsOnlyKnownFromAlerts(AlertKind kind) => kind switch
    {
        AlertKind.WorkerFlapping or AlertKind.QueueOld or AlertKind.FailureRate or AlertKind.StoreSlow or AlertKind.StoreFull => true,
        AlertKind.BreakerOpen or AlertKind.WorkerLost or AlertKind.TasksParked or AlertKind.QueueUnserved
            or AlertKind.NodeUnreachable or AlertKind.OwnerDown => false,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such rule."),
    };

    private static Urgency UrgencyOf(AlertSeverity severity) => severity switch
    {
        AlertSeverity.Critical => Urgency.Critical,
        AlertSeverity.Error => Urgency.Error,
        AlertSeverity.Warning => Urgency.Warning,
        AlertSeverity.Info => Urgency.Info,
        _ => throw new ArgumentOutOfRangeException(nameof(severity), severity, "There is no such severity."),
    };

    private static string Verb(int count) => count == 1 ? "is" : "are";
}
