using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;

namespace Morag.Failover.Client;

/// <summary>Selects failures. A field that is null matches every failure.</summary>
public sealed record FailureFilter
{
    /// <summary>Only failures that occurred at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only failures that occurred before this time.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>Only failures of this type.</summary>
    public FailureType? Type { get; init; }

    /// <summary>Only failures on this worker.</summary>
    public WorkerId? Worker { get; init; }

    /// <summary>Only failures of this task.</summary>
    public TaskId? Task { get; init; }
}
