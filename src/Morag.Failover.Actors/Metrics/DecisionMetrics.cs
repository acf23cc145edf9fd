using System.Diagnostics.Metrics;
using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Actors.Metrics;

/// <summary>Records failures, and the decisions about them.</summary>
internal static class DecisionMetrics
{
    private static readonly Counter<long> Failures = FailoverMeter.Counter(FailoverMetrics.Failures);
    private static readonly Counter<long> Decisions = FailoverMeter.Counter(FailoverMetrics.Decisions);
    private static readonly Counter<long> Outcomes = FailoverMeter.Counter(FailoverMetrics.DecisionOutcomes);
    private static readonly Histogram<double> Latency = FailoverMeter.Histogram(FailoverMetrics.DecisionDuration);

    /// <summary>Starts the counters that have few series.</summary>
    public static void StartAtZero()
    {
        foreach (var type in WireName.All<FailureType>())
        {
            Failures.Add(0, new KeyValuePair<string, object?>(MetricLabels.FailureType, type));
        }

        Outcomes.Add(0, new KeyValuePair<string, object?>(MetricLabels.Outcome, WireName.Of(DecisionOutcome.Resolved)));
        Outcomes.Add(0, new KeyValuePair<string, object?>(MetricLabels.Outcome, WireName.Of(DecisionOutcome.Superseded)));
    }

    /// <summary>Records a decision that is stored.</summary>
    public static void Decided(FailoverDecision decision, DateTimeOffset now)
    {
        Failures.Add(1, new KeyValuePair<string, object?>(MetricLabels.FailureType, WireName.Of(decision.FailureEvent.FailureType)));
        Decisions.Add(
            1,
            new KeyValuePair<string, object?>(MetricLabels.Strategy, WireName.Of(decision.SelectedAction.Strategy)),
            new KeyValuePair<string, object?>(MetricLabels.Rule, decision.DecisionMetadata.Rule));
        Latency.Record(Math.Max(0, (now - decision.FailureEvent.OccurredAt).TotalSeconds));
    }

    /// <summary>Records what became of a decision.</summary>
    public static void Resolved(DecisionOutcome outcome) =>
        Outcomes.Add(1, new KeyValuePair<string, object?>(MetricLabels.Outcome, WireName.Of(outcome)));
}
