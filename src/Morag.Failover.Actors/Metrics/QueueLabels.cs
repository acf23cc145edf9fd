using System.Collections.Frozen;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Metrics;

/// <summary>
/// The values of <see cref="MetricLabels.Queue"/>, so that no configuration makes the number of time series grow without bound.
/// </summary>
internal sealed class QueueLabels(QueueSettings settings)
{
    /// <summary>The most queues with a label of their own.</summary>
    public const int Most = 100;

    /// <summary>The label of all other queues.</summary>
    public const string Other = "other";

    private readonly FrozenSet<QueueName> named = settings.Definitions.Take(Most).Select(queue => queue.Name).ToFrozenSet();

    /// <summary>The queues with a label of their own.</summary>
    public IEnumerable<QueueName> Named => named;

    /// <summary>The label of a queue.</summary>
    public KeyValuePair<string, object?> Of(QueueName queue) => new(MetricLabels.Queue, named.Contains(queue) ? queue.Value : Other);
}
