using Morag.Failover.Contracts.Audit;

namespace Morag.Failover.Dashboard.Pages;

/// <summary>One page of what operators did.</summary>
public sealed record AuditModel
{
    /// <summary>The entries, newest first; null if no owner answered.</summary>
    public required IReadOnlyList<AuditEntry>? Entries { get; init; }

    /// <summary>Where the next page begins; null if this is the last one.</summary>
    public string? Next { get; init; }

    /// <summary>The operator that is shown; null for all.</summary>
    public string? By { get; init; }

    /// <summary>The action that is shown; null for all.</summary>
    public AuditAction? Action { get; init; }

    /// <summary>The task, worker or queue that is shown; null for all.</summary>
    public string? Target { get; init; }

    /// <summary>The page about what an entry concerns.</summary>
    public static string LinkTo(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return entry.Action switch
        {
            <= AuditAction.BreakerReset => PageAddress.Of(new WorkerId(entry.Target)),
            AuditAction.QueuePause or AuditAction.QueueResume or AuditAction.QueueLimits => PageAddress.Of(new QueueName(entry.Target)),
            AuditAction.AlertAcknowledge or AuditAction.AlertUnacknowledge or AuditAction.AlertSettings or AuditAction.WebhookRemove =>
                "/alerts",
            // A bulk action names its filter.
            _ when Identifier.IsValid(entry.Target) => PageAddress.Of(new TaskId(entry.Target)),
            _ => PageAddress.With("/tasks", "filter", entry.Target),
        };
    }
}
