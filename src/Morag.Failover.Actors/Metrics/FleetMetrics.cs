using System.Diagnostics.Metrics;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Metrics;

/// <summary>Records what happens to workers. No label names a worker.</summary>
internal static class FleetMetrics
{
    private const double MostPhi = 100;

    private static readonly Counter<long> Heartbeats = FailoverMeter.Counter(FailoverMetrics.Heartbeats);
    private static readonly Counter<long> Changes = FailoverMeter.Counter(FailoverMetrics.WorkerChanges);
    private static readonly Counter<long> BreakerTransitions = FailoverMeter.Counter(FailoverMetrics.BreakerTransitions);
    private static readonly Histogram<double> Phi = FailoverMeter.Histogram(FailoverMetrics.Phi);
    private static readonly Histogram<double> Pickup = FailoverMeter.Histogram(FailoverMetrics.LeasePickup);

    /// <summary>Whether a listener reads phi. If none does, it is not computed.</summary>
    public static bool WantsPhi => Phi.Enabled;

    /// <summary>Starts the counters that have few series.</summary>
    public static void StartAtZero()
    {
        foreach (var state in WireName.All<BreakerState>())
        {
            BreakerTransitions.Add(0, new KeyValuePair<string, object?>(MetricLabels.BreakerState, state));
        }

        foreach (var change in WorkerAnnouncements.Changes)
        {
            Changes.Add(0, new KeyValuePair<string, object?>(MetricLabels.WorkerChange, change));
        }

        Heartbeats.Add(0);
    }

    /// <summary>Records an accepted heartbeat.</summary>
    public static void OnHeartbeat() => Heartbeats.Add(1);

    /// <summary>Records the phi that a silence had reached when it ended.</summary>
    public static void OnSilenceEnded(double phi) => Phi.Record(Math.Min(phi, MostPhi));

    /// <summary>Records that a heartbeat listed a lease for the first time.</summary>
    public static void OnPickedUp(TimeSpan after) => Pickup.Record(Math.Max(0, after.TotalSeconds));

    /// <summary>Records a change of a worker.</summary>
    public static void OnChanged(WorkerChanged change) =>
        Changes.Add(1, new KeyValuePair<string, object?>(MetricLabels.WorkerChange, change.What));

    /// <summary>Records the new state of a breaker.</summary>
    public static void OnBreaker(BreakerState state) =>
        BreakerTransitions.Add(1, new KeyValuePair<string, object?>(MetricLabels.BreakerState, WireName.Of(state)));
}
