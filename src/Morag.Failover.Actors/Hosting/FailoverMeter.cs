using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// The meter of this library and the names of its instruments. A listener such as OpenTelemetry or dotnet-counters reads them.
/// </summary>
public static class FailoverMeter
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Morag.Failover";

    /// <summary>The factor by which this node stretches the timeouts of workers, 1 to 8.</summary>
    public const string Patience = "morag.failover.patience";

    /// <summary>The number of owners on this node that fail.</summary>
    public const string OwnersFailing = "morag.failover.owners_failing";

    internal const string ValuesTooLarge = "morag.failover.values_too_large";

    private const string TimerLag = "morag.failover.strain.timer_lag";
    private const string MissedTimers = "morag.failover.strain.missed_timers";
    private const string SchedulerLag = "morag.failover.strain.scheduler_lag";
    private const string GcPause = "morag.failover.strain.gc_pause";
    private const string JournalLatency = "morag.failover.strain.journal_latency";

    internal static Meter Meter { get; } = new(Name);

    /// <summary>Publishes how slow this node is, the patience that follows from it, and how many of its owners fail.</summary>
    public static void Publish(FreezeWatch watch, OwnerHealth owners)
    {
        Meter.CreateObservableGauge(
            Patience, () => watch.Patience().Factor, description: "Factor by which this node stretches the timeouts of workers, 1 to 8.");
        Gauge(TimerLag, strain => strain.TimerLag, "Longest delay of a timer in the last ten seconds.");
        Gauge(SchedulerLag, strain => strain.SchedulerLag, "Longest delay of a scheduled message in the last ten seconds.");
        Gauge(GcPause, strain => strain.GcPause, "Longest pause by garbage collection in the last ten seconds.");
        Gauge(JournalLatency, strain => strain.JournalLatency, "Longest write of the journal in the last ten seconds.");
        Meter.CreateObservableGauge(
            MissedTimers, () => watch.Strain().MissedTimers, description: "Timer ticks that were skipped in the last ten seconds.");

        Meter.CreateObservableGauge(
            OwnersFailing, () => owners.FailingHere, description: "Owners of state on this node that fail; their calls get 503.");

        void Gauge(string name, Func<NodeStrain, TimeSpan> delay, string description) => Meter.CreateObservableGauge(
            name, () => Math.Max(0, delay(watch.Strain()).TotalSeconds), unit: "s", description: description);
    }
}
