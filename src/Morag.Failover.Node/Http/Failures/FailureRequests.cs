using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Input;

namespace Morag.Failover.Node.Http.Failures;

/// <summary>A failure report from any observer.</summary>
internal sealed record ReportFailureRequest : IFailureReport
{
    /// <summary>The reporter's name for it: the same again within the task is the same failure.</summary>
    public EventId? EventId { get; init; }

    /// <summary>The task. Required; it may be one that no queue here holds.</summary>
    public TaskId? TaskId { get; init; }

    /// <summary>The worker it happened on.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The lease it ended; the last one of that task by that worker where none is named.</summary>
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>What failed. Required.</summary>
    public FailureType? FailureType { get; init; }

    /// <summary>What is known about it; at most 8192 bytes in UTF-8. Required.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Whatever else helps; an object of at most 16 KiB.</summary>
    public JsonText? Context { get; init; }

    /// <summary>An observer is not an instance of the worker.</summary>
    InstanceId? IFailureReport.InstanceId => null;
}

/// <summary>The report was recorded, and changed nothing: what it names no longer holds the task.</summary>
internal sealed record StaleReportAnswer
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>Always true.</summary>
    public bool Stale { get; } = true;

    /// <summary>Who holds the task now, or what became of it.</summary>
    public required string Detail { get; init; }
}
