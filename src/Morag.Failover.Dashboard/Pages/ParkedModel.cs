using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>A parked task with the evidence for the decision to park it.</summary>
/// <param name="Task">The task.</param>
/// <param name="Decision">The decision that parked it; null if it is no longer kept.</param>
public sealed record ParkedTask(TaskInfo Task, FailoverDecision? Decision);

/// <summary>The parked tasks.</summary>
public sealed record ParkedModel
{
    /// <summary>The tasks of this page.</summary>
    public required IReadOnlyList<ParkedTask> Tasks { get; init; }

    /// <summary>Where the next page begins; null if this is the last one.</summary>
    public string? Next { get; init; }

    /// <summary>The queue that is shown; null for all.</summary>
    public QueueName? Queue { get; init; }

    /// <summary>The number of parked tasks of each queue.</summary>
    public required IReadOnlyList<NamedCount> Counts { get; init; }

    /// <summary>Whether every owner answered. If not, an empty list does not mean that no task is parked.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>The number of parked tasks that are shown on all pages together; null if no owner answered.</summary>
    public required int? Total { get; init; }
}
