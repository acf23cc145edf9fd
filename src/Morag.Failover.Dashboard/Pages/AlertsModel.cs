using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>One page of alerts.</summary>
public sealed record AlertsModel
{
    /// <summary>The alerts, those that were raised last first; null if their owner did not answer.</summary>
    public required IReadOnlyList<Alert>? Alerts { get; init; }

    /// <summary>Where the next page begins; null if this is the last one.</summary>
    public string? Next { get; init; }

    /// <summary>The state that is shown; null for all.</summary>
    public AlertState? State { get; init; }

    /// <summary>The severity that is shown; null for all.</summary>
    public AlertSeverity? Severity { get; init; }

    /// <summary>The tone of a severity.</summary>
    public static string ToneOf(Alert alert)
    {
        ArgumentNullException.ThrowIfNull(alert);
        return alert.State == AlertState.Resolved ? "good" : alert.Severity switch
        {
            AlertSeverity.Info => "busy",
            AlertSeverity.Warning => "warn",
            AlertSeverity.Error or AlertSeverity.Critical => "bad",
            _ => throw new ArgumentOutOfRangeException(nameof(alert), alert.Severity, "There is no such severity."),
        };
    }

    /// <summary>Who acknowledged an alert, for people.</summary>
    public static string Who(string by) => by == OperatorChange.Nobody ? "an operator" : by;
}
