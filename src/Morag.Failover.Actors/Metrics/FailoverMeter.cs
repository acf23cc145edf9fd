using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Metrics;

/// <summary>
/// The meter of this library. A listener such as OpenTelemetry or dotnet-counters reads it. <see cref="FailoverMetrics"/> lists its
/// instruments.
/// </summary>
public static class FailoverMeter
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Morag.Failover";

    /// <summary>Seconds from a millisecond to ten hours: leases of fast tasks wait a millisecond, and slow tasks run for hours.</summary>
    private static readonly double[] Seconds =
        [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200, 36_000];

    /// <summary>The defaults of <c>suspect-phi</c> and <c>offline-phi</c>, 5 and 12, are bounds.</summary>
    private static readonly double[] Phis = [0.1, 0.3, 0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 100];

    internal static Meter Meter { get; } = new(Name);

    /// <summary>Publishes how slow this node is, the patience that follows from it, and how many of its owners fail.</summary>
    public static void Publish(FreezeWatch watch, OwnerHealth owners)
    {
        Meter.Gauge(FailoverMetrics.Patience, () => watch.Patience().Factor);
        Lag(FailoverMetrics.TimerLag, strain => strain.TimerLag);
        Lag(FailoverMetrics.SchedulerLag, strain => strain.SchedulerLag);
        Lag(FailoverMetrics.GcPause, strain => strain.GcPause);
        Lag(FailoverMetrics.JournalLag, strain => strain.JournalLatency);
        Meter.Gauge(FailoverMetrics.MissedTimers, () => watch.Strain().MissedTimers);
        Meter.Gauge(FailoverMetrics.OwnersFailing, () => owners.FailingHere);

        void Lag(Metric metric, Func<NodeStrain, TimeSpan> delay) =>
            Meter.Gauge(metric, () => Math.Max(0, delay(watch.Strain()).TotalSeconds));
    }

    /// <summary>
    /// Adds zero to the counters whose labels are known in advance. Without it, a series begins at its first event, and a rate over it
    /// misses that event. Call it once the listener listens.
    /// </summary>
    public static void StartAtZero()
    {
        DecisionMetrics.StartAtZero();
        FleetMetrics.StartAtZero();
        StoreMetrics.StartAtZero();
        ResendMetrics.StartAtZero();
    }

    internal static Counter<long> Counter(Metric metric) => Meter.CreateCounter<long>(metric.Name, metric.Unit, metric.Meaning);

    internal static Histogram<double> Histogram(Metric metric) => Meter.CreateHistogram(
        metric.Name,
        metric.Unit,
        metric.Meaning,
        tags: null,
        new InstrumentAdvice<double> { HistogramBucketBoundaries = metric.Unit == "s" ? Seconds : Phis });

    internal static void Gauge<T>(this Meter meter, Metric metric, Func<T> value)
        where T : struct => meter.CreateObservableGauge(metric.Name, value, metric.Unit, metric.Meaning);

    internal static void Gauge<T>(this Meter meter, Metric metric, Func<IEnumerable<Measurement<T>>> values)
        where T : struct => meter.CreateObservableGauge(metric.Name, values, metric.Unit, metric.Meaning);
}
