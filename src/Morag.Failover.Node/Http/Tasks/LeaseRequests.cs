using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Node.Http.Answers;
using Morag.Failover.Node.Http.Failures;

namespace Morag.Failover.Node.Http.Tasks;

/// <summary>Names a lease.</summary>
internal sealed record LeaseRequest
{
    /// <summary>The worker that holds it. Required.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The lease's epoch. Required.</summary>
    public LeaseEpoch? Epoch { get; init; }
}

/// <summary>Asks for more time.</summary>
internal sealed record ExtendLeaseRequest
{
    /// <summary>The worker that holds it. Required.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The lease's epoch. Required.</summary>
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>How much longer than until the present deadline, 1 to 86400. Required.</summary>
    public double? Seconds { get; init; }
}

/// <summary>Hands in what a task gave.</summary>
internal sealed record CompleteTaskRequest
{
    /// <summary>The worker that did it. Required.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The lease's epoch. Required.</summary>
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>What came out: any JSON, at most 56 levels deep and 256 KiB (<c>max-payload</c>) as compact UTF-8.</summary>
    public JsonText? Result { get; init; }
}

/// <summary>Reports that a leased task failed.</summary>
internal sealed record FailTaskRequest : IFailureReport
{
    /// <summary>The worker that held it. Required.</summary>
    public WorkerId? WorkerId { get; init; }

    /// <summary>The lease's epoch. Required.</summary>
    public LeaseEpoch? Epoch { get; init; }

    /// <summary>What failed. Required.</summary>
    public FailureType? FailureType { get; init; }

    /// <summary>What is known about it; at most 8192 bytes in UTF-8. Required.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>Whatever else helps; an object of at most 16 KiB.</summary>
    public JsonText? Context { get; init; }

    /// <summary>The reporter's own name for the failure, unique within the task.</summary>
    public EventId? EventId { get; init; }

    /// <summary>Which start of the worker's process says so.</summary>
    public InstanceId? InstanceId { get; init; }
}

/// <summary>What became of a call about one lease.</summary>
internal sealed record LeaseAnswer
{
    /// <summary>The task.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    public required LeaseEpoch Epoch { get; init; }

    /// <summary>Whether it was accepted, durably; also when the same call came again.</summary>
    public required bool Accepted { get; init; }

    /// <summary>The lease's deadline after an extension.</summary>
    public DateTimeOffset? Deadline { get; init; }

    /// <summary>Why it was not accepted.</summary>
    public Problem? Error { get; init; }

    /// <summary>What was decided, for a failure.</summary>
    public FailoverDecision? Decision { get; init; }
}
