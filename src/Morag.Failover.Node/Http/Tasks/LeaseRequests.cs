using System.ComponentModel.DataAnnotations;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>Identifies a lease.</summary>
internal sealed record LeaseRequest
{
    /// <summary>The worker that holds the lease. Required.</summary>
    [Required]
    public WorkerId? WorkerId { get; init; }

    /// <summary>The epoch of the lease. Required.</summary>
    [Required]
    public LeaseEpoch? Epoch { get; init; }
}

/// <summary>Extends a lease.</summary>
internal sealed record ExtendLeaseRequest
{
    /// <summary>The worker that holds the lease. Required.</summary>
    [Required]
    public WorkerId? WorkerId { get; init; }

    /// <summary>The epoch of the lease. Required.</summary>
    [Required]
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>Seconds to add to the current deadline, 1 to 86400. Required.</summary>
    [Required]
    public double? Seconds { get; init; }
}

/// <summary>Reports how far a worker is with a task. At least one of percent, message and checkpoint is required.</summary>
internal sealed record ReportProgressRequest
{
    /// <summary>The worker that holds the lease. Required.</summary>
    [Required]
    public WorkerId? WorkerId { get; init; }

    /// <summary>The epoch of the lease. Required.</summary>
    [Required]
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>The part of the work that is done, 0 to 100. Without it, the last value of the lease stays.</summary>
    public double? Percent { get; init; }

    /// <summary>What the worker is doing, at most 1000 bytes of UTF-8. Without it, the last value of the lease stays.</summary>
    public string? Message { get; init; }

    /// <summary>
    /// Where the next attempt can continue: any JSON of at most 16 KiB as compact UTF-8 and 56 levels. Without it, the last one stays, also
    /// that of an earlier attempt.
    /// </summary>
    public JsonText? Checkpoint { get; init; }
}

/// <summary>Completes a task.</summary>
internal sealed record CompleteTaskRequest
{
    /// <summary>The worker that ran the task. Required.</summary>
    [Required]
    public WorkerId? WorkerId { get; init; }

    /// <summary>The epoch of the lease. Required.</summary>
    [Required]
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>The result: any JSON, at most 56 levels deep and <c>max-payload</c> bytes (256 KiB by default) as compact UTF-8.</summary>
    public JsonText? Result { get; init; }
}

/// <summary>Reports that a leased task failed.</summary>
internal sealed record FailTaskRequest : IFailureReport
{
    /// <summary>The worker that held the task. Required.</summary>
    [Required]
    public WorkerId? WorkerId { get; init; }

    /// <summary>The epoch of the lease. Required.</summary>
    [Required]
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>The kind of failure. Required.</summary>
    [Required]
    public FailureType? FailureType { get; init; }

    /// <summary>What the worker knows about the failure, at most 8192 bytes of UTF-8. Required.</summary>
    [Required]
    public string? ErrorMessage { get; init; }

    /// <summary>Further details, a JSON object of at most 16 KiB.</summary>
    public JsonText? Context { get; init; }

    /// <summary>The worker's own id for the failure, unique within the task.</summary>
    public EventId? EventId { get; init; }

    /// <summary>The worker process that reports.</summary>
    public InstanceId? InstanceId { get; init; }
}

/// <summary>The answer to a report of progress.</summary>
internal sealed record ProgressAnswer
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    public required LeaseEpoch Epoch { get; init; }

    /// <summary>
    /// Whether the report is stored. False: it waits in memory, and is stored when <c>progress-interval</c> is over or the lease ends,
    /// unless a newer report replaces it.
    /// </summary>
    public required bool Stored { get; init; }
}

/// <summary>The outcome of a call about one lease.</summary>
internal sealed record LeaseAnswer
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    public required LeaseEpoch Epoch { get; init; }

    /// <summary>Whether the call was accepted and stored. True again when the call is repeated.</summary>
    public required bool Accepted { get; init; }

    /// <summary>The deadline of the lease after an extension.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Why the call was not accepted.</summary>
    public Problem? Error { get; init; }

    /// <summary>The decision about a failure.</summary>
    public FailoverDecision? Decision { get; init; }
}
