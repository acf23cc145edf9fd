using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Metrics;

/// <summary>Records what one owner writes.</summary>
/// <param name="persistenceId">Its persistence id.</param>
internal sealed class StoreMetrics(string persistenceId)
{
    private static readonly Histogram<double> JournalWrite = FailoverMeter.Histogram(FailoverMetrics.JournalWrite);
    private static readonly Counter<long> JournalBytes = FailoverMeter.Counter(FailoverMetrics.JournalBytes);
    private static readonly Histogram<double> SnapshotWrite = FailoverMeter.Histogram(FailoverMetrics.SnapshotWrite);
    private static readonly Counter<long> SnapshotBytes = FailoverMeter.Counter(FailoverMetrics.SnapshotBytes);
    private static readonly Counter<long> Failures = FailoverMeter.Counter(FailoverMetrics.StoreFailures);
    private static readonly string[] Kinds = ["queue", "coordinator", "directory", "worker", PersistenceIds.Alerts];

    private readonly KeyValuePair<string, object?> owner = new(
        MetricLabels.Owner,
        Array.Find(Kinds, kind => persistenceId.StartsWith(kind, StringComparison.Ordinal)) ?? QueueLabels.Other);

    /// <summary>Starts the counters that have few series.</summary>
    public static void StartAtZero() => Failures.Add(0);

    /// <summary>Records a failed read or write.</summary>
    public static void Failed() => Failures.Add(1);

    /// <summary>Records a stored event.</summary>
    public void Wrote(TimeSpan took, long bytes)
    {
        JournalWrite.Record(took.TotalSeconds, owner);
        JournalBytes.Add(bytes, owner);
    }

    /// <summary>Records a stored snapshot.</summary>
    public void WroteSnapshot(TimeSpan took, long bytes)
    {
        SnapshotWrite.Record(took.TotalSeconds, owner);
        SnapshotBytes.Add(bytes, owner);
    }
}
