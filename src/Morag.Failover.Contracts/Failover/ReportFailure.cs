using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

/// <summary>
/// Reports a failure. Answer, once the decision is durable: <see cref="FailoverDecision"/>, <see cref="FailureStale"/> if the reported
/// lease no longer holds the task, or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "report-failure")]
public sealed record ReportFailure : ITaskMessage
{
    /// <summary>The reporter's id for the failure, unique within its task. Reports with the same id are about the same failure.</summary>
    [ProtoMember(1)] public EventId? EventId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The worker it happened on.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The lease that failed; null means the worker's last lease of the task.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>What failed.</summary>
    [ProtoMember(5)] public required FailureType FailureType { get; init; }

    /// <summary>The error message, at most <see cref="FailureLimits.MaxErrorMessageBytes"/>.</summary>
    [ProtoMember(6)] public string ErrorMessage { get; init; } = "";

    /// <summary>Further details, a JSON object of at most <see cref="FailureLimits.MaxContextBytes"/>.</summary>
    [ProtoMember(7)] public JsonText Context { get; init; } = JsonText.EmptyObject;

    /// <summary>Who reports.</summary>
    [ProtoMember(8)] public ReportSource Source { get; init; }

    /// <summary>The reporting instance of the worker, if the worker reports.</summary>
    [ProtoMember(9)] public InstanceId? InstanceId { get; init; }

    /// <summary>The loss of a worker that the failure is part of.</summary>
    [ProtoMember(10)] public LossId? LossId { get; init; }
}

/// <summary>Who reports a failure.</summary>
public enum ReportSource
{
    /// <summary>Anyone, about any task.</summary>
    Observer = 0,

    /// <summary>The worker that holds the lease. Worker and epoch must match, or the report is stale.</summary>
    LeaseHolder = 1,

    /// <summary>An operator.</summary>
    Operator = 2,
}

/// <summary>The reported worker or lease no longer holds the task. The report was recorded and changed nothing.</summary>
[ProtoContract(Name = "failure-stale")]
public sealed record FailureStale : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why the report is stale, such as who holds the task now.</summary>
    [ProtoMember(2)] public required string Detail { get; init; }
}

/// <summary>
/// Waits for the decision about one lease. Answer: <see cref="FailoverDecision"/>, or <see cref="Refused"/> after the wait.
/// </summary>
[ProtoContract(Name = "await-decision")]
public sealed record AwaitDecision : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How long to wait, 0 to 30 s.</summary>
    [ProtoMember(3)] public TimeSpan Wait { get; init; }
}
