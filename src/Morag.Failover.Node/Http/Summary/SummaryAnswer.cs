using System.Collections.Immutable;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Node.Http.Summary;

/// <summary>
/// The state of everything in one document. A part that is not available now is null, and is named in <see cref="Incomplete"/>.
/// </summary>
internal sealed record SummaryAnswer
{
    /// <summary>When it was read.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The cluster, its queues and its failures.</summary>
    public required SystemSummary System { get; init; }

    /// <summary>The workers.</summary>
    public required WorkersSummary Workers { get; init; }

    /// <summary>The tasks that changed last, newest first.</summary>
    public required ImmutableArray<QueueEntry>? RecentTasks { get; init; }

    /// <summary>The open alerts, acknowledged or not, those that were raised last first, at most 200.</summary>
    public required ImmutableArray<Alert>? OpenAlerts { get; init; }

    /// <summary>Whether there are more than <see cref="OpenAlerts"/>.</summary>
    public required bool HasMoreAlerts { get; init; }

    /// <summary>The last 24 hours, oldest first. The last entry is the current hour.</summary>
    public required ImmutableArray<ActivityPeriod> Hourly { get; init; }

    /// <summary>The last 7 days of UTC, oldest first. The last entry is today.</summary>
    public required ImmutableArray<ActivityPeriod> Daily { get; init; }

    /// <summary>Since when the node that answers has counted. Counts before that are incomplete.</summary>
    public required CountedSince CountedSince { get; init; }

    /// <summary>What is missing, because it did not answer in time or was too busy, as text for people.</summary>
    public required IReadOnlyList<string> Incomplete { get; init; }
}

/// <summary>The cluster, its queues and its failures.</summary>
internal sealed record SystemSummary
{
    /// <summary>The state of the cluster in numbers.</summary>
    public required ClusterStatus Cluster { get; init; }

    /// <summary>The nodes.</summary>
    public required ImmutableArray<ClusterNode> Nodes { get; init; }

    /// <summary>The owners of state that do not serve.</summary>
    public required ImmutableArray<OwnerAlert> OwnersDown { get; init; }

    /// <summary>The counts of each queue.</summary>
    public required ImmutableArray<QueueStats>? Queues { get; init; }

    /// <summary>Since when the oldest task of each queue has waited; without the queues in which none waits.</summary>
    public required ImmutableSortedDictionary<string, DateTimeOffset> OldestWaiting { get; init; }

    /// <summary>The counts of failures.</summary>
    public required FailureStatistics? Failures { get; init; }
}

/// <summary>The workers.</summary>
internal sealed record WorkersSummary
{
    /// <summary>Their counts.</summary>
    public required WorkerStats? Counts { get; init; }

    /// <summary>The first workers in the order of their ids.</summary>
    public required ImmutableArray<WorkerInfo>? First { get; init; }

    /// <summary>Whether there are more than <see cref="First"/>.</summary>
    public required bool HasMore { get; init; }
}

/// <summary>What happened in an hour or on a day.</summary>
internal sealed record ActivityPeriod
{
    /// <summary>When it began.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The number of failures by type.</summary>
    public required ImmutableSortedDictionary<string, long> Failures { get; init; }

    /// <summary>The number of decisions by strategy.</summary>
    public required ImmutableSortedDictionary<string, long> Decisions { get; init; }

    /// <summary>The number of completed tasks by queue.</summary>
    public required ImmutableSortedDictionary<string, long> Completed { get; init; }

    /// <summary>How many failed tasks a worker leased again, and how long after the failure.</summary>
    public required RecoverySummary Recoveries { get; init; }
}

/// <summary>Recoveries of tasks from failures.</summary>
internal sealed record RecoverySummary
{
    /// <summary>Their number.</summary>
    public required long Count { get; init; }

    /// <summary>The mean time in seconds; null if there were none.</summary>
    public required double? MeanSeconds { get; init; }

    /// <summary>The longest time in seconds; null if there were none.</summary>
    public required double? LongestSeconds { get; init; }
}

/// <summary>Since when the node that answers has counted each kind of activity. Counts before that are incomplete.</summary>
internal sealed record CountedSince
{
    /// <summary>
    /// Failures and decisions, of which a node reads the stored history when it starts. Null while it reads; the start of the node if it
    /// cannot.
    /// </summary>
    public required DateTimeOffset? Failures { get; init; }

    /// <summary>Completed tasks, since the node first read the counters of all queues; null until then.</summary>
    public required DateTimeOffset? Completed { get; init; }

    /// <summary>Recoveries, since the start of the node; null until it records.</summary>
    public required DateTimeOffset? Recoveries { get; init; }
}
