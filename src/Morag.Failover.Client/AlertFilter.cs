using Morag.Failover.Contracts.Alerts;

namespace Morag.Failover.Client;

/// <summary>Which alerts to list. A field that is null selects all.</summary>
public sealed record AlertFilter
{
    /// <summary>Only alerts in this state.</summary>
    public AlertState? State { get; init; }

    /// <summary>Only alerts of this severity.</summary>
    public AlertSeverity? Severity { get; init; }

    /// <summary>Only alerts about this queue, worker, node or owner.</summary>
    public string? Component { get; init; }
}
