using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>The queues.</summary>
/// <param name="Queues">The counts of each queue; null if no owner answered.</param>
/// <param name="Settings">The definitions and limits.</param>
public sealed record QueuesModel(IReadOnlyList<QueueStats>? Queues, QueueSettings Settings)
{
    /// <summary>The chains of queues that tasks fall back along, each from its first queue.</summary>
    public IEnumerable<ImmutableArray<QueueName>> Chains =>
        from first in Settings.Definitions
        where !Settings.Definitions.Any(other => other.FallsBackTo == first.Name && other.Name != first.Name)
        select ImmutableArray.Create([first.Name, .. Settings.ChainAfter(first.Name).Select(queue => queue.Name)]);

    /// <summary>The definition of a queue; null if it is not configured.</summary>
    public QueueDefinition? Definition(QueueStats queue) => Settings.Find(queue.QueueType);
}
