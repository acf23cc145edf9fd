using Morag.Failover.Contracts.Audit;

namespace Morag.Failover.Client;

/// <summary>Which actions of operators to list. A field that is null matches all.</summary>
public sealed record AuditFilter
{
    /// <summary>Only actions of the operator with this token name.</summary>
    public string? By { get; init; }

    /// <summary>Only this action.</summary>
    public AuditAction? Action { get; init; }

    /// <summary>Only actions on this task, worker or queue.</summary>
    public string? Target { get; init; }

    /// <summary>Only actions from this time on.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Only actions before this time.</summary>
    public DateTimeOffset? Until { get; init; }
}
