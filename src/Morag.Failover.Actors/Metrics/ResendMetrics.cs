using System.Diagnostics.Metrics;
using Morag.Failover.Actors.Workers;

namespace Morag.Failover.Actors.Metrics;

/// <summary>Counts the messages between owners that are sent again.</summary>
internal static class ResendMetrics
{
    /// <summary>A failure, from a queue partition to a coordinator.</summary>
    public const string Failure = "failure";

    /// <summary>Outcomes of leases, from a queue partition to a worker's owner.</summary>
    public const string Outcomes = "outcomes";

    /// <summary>A failure to record, from a coordinator to a worker's owner.</summary>
    public const string FailureRecord = "failure_record";

    /// <summary>A decision, from a coordinator to those who carry it out.</summary>
    public const string Decision = "decision";

    /// <summary>Pauses and limits of queues, from the queue partition that owns them to another.</summary>
    public const string QueueControls = "queue_controls";

    private static readonly Counter<long> Resends = FailoverMeter.Counter(FailoverMetrics.Resends);

    /// <summary>Starts the counter.</summary>
    public static void StartAtZero()
    {
        foreach (var message in WireName.All<UnacknowledgedKind>().Concat([Failure, Outcomes, FailureRecord, Decision, QueueControls]))
        {
            Resends.Add(0, new KeyValuePair<string, object?>(MetricLabels.Message, message));
        }
    }

    /// <summary>Counts a message, if it was sent.</summary>
    /// <param name="message">The kind of message, one of a fixed set.</param>
    /// <param name="wasSent">Whether it was sent.</param>
    /// <returns><paramref name="wasSent"/>.</returns>
    public static bool Count(string message, bool wasSent = true)
    {
        if (wasSent)
        {
            Resends.Add(1, new KeyValuePair<string, object?>(MetricLabels.Message, message));
        }

        return wasSent;
    }
}
