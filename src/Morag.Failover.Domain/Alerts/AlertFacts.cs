using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Alerts;

/// <summary>What the alert rules look at: the answers of existing queries, taken at about the same time.</summary>
public sealed record AlertFacts
{
    /// <summary>The counts of each queue, over all partitions.</summary>
    public ImmutableArray<QueueFacts> Queues { get; init; } = [];

    /// <summary>The workers that are not well. Healthy ones are not listed.</summary>
    public ImmutableArray<TroubledWorker> Workers { get; init; } = [];

    /// <summary>Attempts that failed in the last minutes.</summary>
    public long Failed { get; init; }

    /// <summary>Attempts that ended in the last minutes, in success or failure.</summary>
    public long Ended { get; init; }

    /// <summary>The longest write of each node to the store lately, by node.</summary>
    public ImmutableSortedDictionary<string, TimeSpan> StoreLatency { get; init; } =
        ImmutableSortedDictionary<string, TimeSpan>.Empty;

    /// <summary>The share of the store's memory in use, 0 to 1; null if unknown or unlimited.</summary>
    public double? StoreUse { get; init; }

    /// <summary>The nodes that others cannot reach, as host and port.</summary>
    public ImmutableArray<string> UnreachableNodes { get; init; } = [];

    /// <summary>The owners that do not serve.</summary>
    public ImmutableArray<OwnerAlert> Owners { get; init; } = [];

    /// <summary>
    /// What could not be read, as kinds of components. Alerts about them stay as they are: an answer that is missing is not good news.
    /// </summary>
    public ImmutableHashSet<AlertSource> Missing { get; init; } = [];
}

/// <summary>Where facts come from.</summary>
public enum AlertSource
{
    /// <summary>The queue partitions.</summary>
    Queues = 1,

    /// <summary>The directory.</summary>
    Workers = 2,

    /// <summary>The coordinators and the counters of the queues.</summary>
    Failures = 3,

    /// <summary>The membership of the cluster, as the node of the owner sees it.</summary>
    Members = 4,

    /// <summary>The answers of every node about itself and its store.</summary>
    Nodes = 5,

    /// <summary>What every node, and the heartbeats of the owners, say about the owners.</summary>
    Owners = 6,
}

/// <summary>A queue, as the alert rules look at it.</summary>
/// <param name="Stats">Its counts.</param>
/// <param name="OldestWaiting">How long its oldest queued task has waited; null if none waits.</param>
public sealed record QueueFacts(QueueStats Stats, TimeSpan? OldestWaiting);
