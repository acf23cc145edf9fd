using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Carries out a failover decision. The coordinator sends it until <see cref="ReassignOutcome"/> answers. It applies only while the task
/// waits for the decision about <see cref="Epoch"/>.
/// </summary>
[ProtoContract(Name = "reassign")]
public sealed record Reassign : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease whose failure was decided.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    [ProtoMember(3)] public required FailureId FailureId { get; init; }
    [ProtoMember(4)] public required FailoverAction Action { get; init; }

    /// <summary>
    /// The time until the task may be leased again, including jitter. The queue counts it from when it applies the decision.
    /// </summary>
    [ProtoMember(5)] public TimeSpan Delay { get; init; }

    /// <summary>The worker to avoid while another live worker can run the task.</summary>
    [ProtoMember(6)] public WorkerId? Avoid { get; init; }

    /// <summary>The new quality settings; null keeps the current ones.</summary>
    [ProtoMember(7)] public JsonText? Quality { get; init; }

    /// <summary>The rungs of the quality ladder used after this decision.</summary>
    [ProtoMember(8)] public int QualityRung { get; init; }

    /// <summary>Whether the failure does not count against the task: it was planned, or part of a mass loss.</summary>
    [ProtoMember(9)] public bool ExcludedFromBudgets { get; init; }

    /// <summary>
    /// The task's failures, possibly including this one, that turned out to be their workers' fault: they no longer count against the
    /// task's own budget.
    /// </summary>
    [ProtoMember(10)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];

    /// <summary>
    /// Failures that were blamed on their workers and count against the task after all, because the workers complete other tasks.
    /// </summary>
    [ProtoMember(11)] public ImmutableArray<FailureId> Cleared { get; init; } = [];
}

/// <summary>The result of a <see cref="Reassign"/>, sent when it is durable. Repeating the message gives the same answer.</summary>
[ProtoContract(Name = "reassign-outcome")]
public sealed record ReassignOutcome : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>True if the decision was carried out; false if it was superseded.</summary>
    [ProtoMember(3)] public bool Applied { get; init; }

    /// <summary>What the task does now.</summary>
    [ProtoMember(4)] public string Detail { get; init; } = "";
}
