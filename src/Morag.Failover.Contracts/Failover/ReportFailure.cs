using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

/// <summary>
/// A failure seen by anyone. Answer, once the decision is durable: <see cref="FailoverDecision"/>; for a report that names a
/// lease which no longer counts <see cref="FailureStale"/>; or <see cref="Refused"/>. To send it through a cluster client,
/// see docs/operations.md.
/// </summary>
[ProtoContract(Name = "report-failure")]
public sealed record ReportFailure : ITaskMessage
{
    /// <summary>The reporter's name for the failure, unique within its task: the same again is the same failure.</summary>
    [ProtoMember(1)] public EventId? EventId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The worker it happened on.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The lease it ended; null means the last lease of that task by that worker.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>What failed.</summary>
    [ProtoMember(5)] public required FailureType FailureType { get; init; }

    /// <summary>What is known about it; at most 8,192 bytes in UTF-8.</summary>
    [ProtoMember(6)] public string ErrorMessage { get; init; } = "";

    /// <summary>Whatever else helps; an object of at most 16 KiB.</summary>
    [ProtoMember(7)] public JsonText Context { get; init; } = JsonText.EmptyObject;

    /// <summary>Who says so.</summary>
    [ProtoMember(8)] public ReportSource Source { get; init; }

    /// <summary>The instance of the worker that says so, where it is the lease holder.</summary>
    [ProtoMember(9)] public InstanceId? InstanceId { get; init; }

    /// <summary>The loss that it is part of, where a worker was lost with several tasks.</summary>
    [ProtoMember(10)] public LossId? LossId { get; init; }
}

/// <summary>Who says that something failed.</summary>
public enum ReportSource
{
    /// <summary>Anyone, about any task.</summary>
    Observer,

    /// <summary>The worker that holds the lease: worker and epoch must match, or it is a conflict.</summary>
    LeaseHolder,

    /// <summary>An operator.</summary>
    Operator,
}

/// <summary>The report named a worker or a lease that no longer holds the task: it was recorded, and changed nothing.</summary>
[ProtoContract(Name = "failure-stale")]
public sealed record FailureStale : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why it is stale: who holds the task now, or what became of it.</summary>
    [ProtoMember(2)] public required string Detail { get; init; }
}

/// <summary>Waits for the decision about one lease. Answer: <see cref="FailoverDecision"/>, or <see cref="Refused"/> after the wait.</summary>
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
