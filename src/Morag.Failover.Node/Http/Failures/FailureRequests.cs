using System.ComponentModel.DataAnnotations;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Failures;

/// <summary>A failure report from any observer.</summary>
internal sealed record ReportFailureRequest : IFailureReport
{
    /// <summary>The reporter's id for the failure. Reports of one task with the same id are one failure.</summary>
    public EventId? EventId { get; init; }

    /// <summary>The task. Required. It can be a task that is not in any queue here.</summary>
    [Required]
    public TaskId? TaskId { get; init; }

    /// <summary>The worker on which the task failed.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The epoch of the lease that failed. Default: the worker's last lease of the task.</summary>
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>The kind of failure. Required.</summary>
    [Required]
    public FailureType? FailureType { get; init; }

    /// <summary>What the reporter knows about the failure, at most 8192 bytes of UTF-8. Required.</summary>
    [Required]
    public string? ErrorMessage { get; init; }

    /// <summary>Further details, a JSON object of at most 16 KiB.</summary>
    public JsonText? Context { get; init; }

    /// <summary>An observer is not an instance of the worker.</summary>
    InstanceId? IFailureReport.InstanceId => null;
}

/// <summary>The report was recorded but changed nothing, because its lease had already ended.</summary>
internal sealed record StaleReportAnswer
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>Always true.</summary>
    public bool Stale { get; } = true;

    /// <summary>Who holds the task now, or how it ended.</summary>
    public required string Detail { get; init; }
}
