using System.Diagnostics.Metrics;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Alerts;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Metrics;

/// <summary>
/// The gauges of shared state. Each node gives the values of the owners that it runs, so a sum over the nodes counts nothing twice. A node
/// without such owners gives none.
/// </summary>
internal sealed class OwnerGauges
{
    private static readonly (TaskState State, Func<QueueCounters, int> Count)[] States =
    [
        (TaskState.Queued, counters => counters.Queued),
        (TaskState.Delayed, counters => counters.Delayed),
        (TaskState.Leased, counters => counters.Leased),
        (TaskState.Deciding, counters => counters.Deciding),
        (TaskState.Parked, counters => counters.Parked),
    ];

    private static readonly KeyValuePair<string, object?>[] StateLabels =
        Array.ConvertAll(States, state => QueueMetrics.StateLabel(state.State));

    private readonly OwnerStates states;
    private readonly QueueLabels labels;
    private readonly Func<DateTimeOffset> now;

    private OwnerGauges(OwnerStates states, QueueSettings settings, Func<DateTimeOffset> now)
    {
        this.states = states;
        labels = new QueueLabels(settings);
        this.now = now;
    }

    /// <summary>Publishes the gauges of an actor system until it ends.</summary>
    public static void Publish(ActorSystem system, FailoverSettings settings)
    {
        var meter = new Meter(FailoverMeter.Name);
        system.RegisterOnTermination(meter.Dispose);
        var cluster = Akka.Cluster.Cluster.Get(system);
        meter.Gauge(FailoverMetrics.Unreachable, () => cluster.State.Unreachable.Count);
        Publish(meter, OwnerStates.Of(system), settings.Queues, () => system.Scheduler.Now);
    }

    /// <summary>Publishes the gauges of published states.</summary>
    public static void Publish(Meter meter, OwnerStates states, QueueSettings settings, Func<DateTimeOffset> now)
    {
        var gauges = new OwnerGauges(states, settings, now);
        meter.Gauge(FailoverMetrics.Tasks, gauges.Tasks);
        meter.Gauge(FailoverMetrics.TasksSize, gauges.TasksSize);
        meter.Gauge(FailoverMetrics.OldestAge, gauges.OldestAge);
        meter.Gauge(FailoverMetrics.QueuePaused, gauges.QueuePaused);
        meter.Gauge(FailoverMetrics.Workers, gauges.Workers);
        meter.Gauge(FailoverMetrics.Breakers, gauges.Breakers);
        meter.Gauge(FailoverMetrics.AlertsActive, gauges.Alerts);
    }

    private IEnumerable<Measurement<long>> Tasks()
    {
        var counts = new Dictionary<string, long[]>(StringComparer.Ordinal);
        foreach (var partition in states.All<QueueState>())
        {
            foreach (var queue in labels.Named)
            {
                _ = CountsOf(queue);
            }

            foreach (var (queue, counters) in partition.Counters)
            {
                var sums = CountsOf(queue);
                for (var state = 0; state < States.Length; state++)
                {
                    sums[state] += States[state].Count(counters);
                }
            }
        }

        return counts.SelectMany(queue => StateLabels.Select((state, index) =>
            new Measurement<long>(queue.Value[index], new KeyValuePair<string, object?>(MetricLabels.Queue, queue.Key), state)));

        long[] CountsOf(QueueName queue)
        {
            var label = (string)labels.Of(queue).Value!;
            return counts.TryGetValue(label, out var sums) ? sums : counts[label] = new long[States.Length];
        }
    }

    private IEnumerable<Measurement<long>> TasksSize()
    {
        var partitions = states.All<QueueState>().ToList();
        return partitions.Count == 0 ? [] : [new Measurement<long>(partitions.Sum(partition => partition.Size))];
    }

    private IEnumerable<Measurement<double>> OldestAge()
    {
        var ages = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var partition in states.All<QueueState>())
        {
            var oldest = OldestTasks.Of(partition);
            foreach (var queue in labels.Named.Union(oldest.Keys))
            {
                var age = oldest.TryGetValue(queue, out var since) ? Math.Max(0, (now() - since).TotalSeconds) : 0;
                var label = (string)labels.Of(queue).Value!;
                ages[label] = Math.Max(age, ages.GetValueOrDefault(label));
            }
        }

        return ages.Select(age => new Measurement<double>(age.Value, new KeyValuePair<string, object?>(MetricLabels.Queue, age.Key)));
    }

    private IEnumerable<Measurement<long>> QueuePaused() =>
        from partition in states.All<QueueState>()
        from queue in labels.Named
        group partition.Controls.PauseOf(queue) is not null by (string)labels.Of(queue).Value!
        into parts
        select new Measurement<long>(
            parts.Any(isPaused => isPaused) ? 1 : 0, new KeyValuePair<string, object?>(MetricLabels.Queue, parts.Key));

    private IEnumerable<Measurement<long>> Workers() =>
        from bucket in states.All<DirectoryState>()
        from workers in bucket.Tally.Census
        group workers.Value by (workers.Key.Capability, workers.Key.Liveness, workers.Key.Draining)
        into same
        select new Measurement<long>(
            same.Sum(),
            new KeyValuePair<string, object?>(MetricLabels.Capability, WireName.Of(same.Key.Capability)),
            new KeyValuePair<string, object?>(MetricLabels.Liveness, WireName.Of(same.Key.Liveness)),
            new KeyValuePair<string, object?>(MetricLabels.Draining, same.Key.Draining ? "true" : "false"));

    private IEnumerable<Measurement<long>> Alerts() =>
        from owner in states.All<AlertsState>()
        from severity in Enum.GetValues<AlertSeverity>()
        from state in new[] { AlertState.Active, AlertState.Acknowledged }
        select new Measurement<long>(
            owner.Book.Open.Values.Count(alert => alert.Severity == severity && alert.State == state),
            new KeyValuePair<string, object?>(MetricLabels.AlertSeverity, WireName.Of(severity)),
            new KeyValuePair<string, object?>(MetricLabels.AlertState, WireName.Of(state)));

    private IEnumerable<Measurement<long>> Breakers()
    {
        var buckets = states.All<DirectoryState>().ToList();
        return buckets.Count == 0 ? [] : new[] { BreakerState.Open, BreakerState.HalfOpen }.Select(state => new Measurement<long>(
            buckets.Sum(bucket => bucket.Tally.Census.Where(workers => workers.Key.Breaker == state).Sum(workers => workers.Value)),
            new KeyValuePair<string, object?>(MetricLabels.BreakerState, WireName.Of(state))));
    }
}
