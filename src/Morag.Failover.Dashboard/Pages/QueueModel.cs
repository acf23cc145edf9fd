using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>One queue.</summary>
public sealed record QueueModel
{
    /// <summary>The queue.</summary>
    public required QueueName Queue { get; init; }

    /// <summary>Its counts; null if no owner answered.</summary>
    public required QueueStats? Stats { get; init; }

    /// <summary>Its pause and limits; null if their owner did not answer.</summary>
    public required QueueControlReport? Control { get; init; }

    /// <summary>The queues that its tasks fall back to, the next one first.</summary>
    public required IReadOnlyList<QueueName> FallsBackTo { get; init; }

    /// <summary>The tasks that wait, by age; null unless they were counted.</summary>
    public IReadOnlyList<NamedCount>? Ages { get; init; }

    /// <summary>The tasks that wait, by priority; null unless they were counted.</summary>
    public IReadOnlyList<NamedCount>? Priorities { get; init; }

    /// <summary>Where its forms go.</summary>
    public string Action(string what) => $"{PageAddress.Of(Queue)}/{what}";

    /// <summary>The tasks in it that a filter matches.</summary>
    public string Tasks(string filter) => PageAddress.With("/tasks", "filter", $"queue:{Queue} {filter}".Trim());
}
