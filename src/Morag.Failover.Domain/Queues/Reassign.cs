using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Carries a decision out: the coordinator sends it until the queue answers with <see cref="ReassignOutcome"/>. It applies only
/// while the task still is deciding about <see cref="Epoch"/>.
/// </summary>
[ProtoContract(Name = "reassign")]
public sealed record Reassign : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease that the decision is about.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The failure that was decided.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }

    /// <summary>What to do.</summary>
    [ProtoMember(4)] public required FailoverAction Action { get; init; }

    /// <summary>How long until it may be leased again, jitter included; the queue counts it from when it applies.</summary>
    [ProtoMember(5)] public TimeSpan Delay { get; init; }

    /// <summary>The worker to avoid while any other live one can take the task.</summary>
    [ProtoMember(6)] public WorkerId? Avoid { get; init; }

    /// <summary>The quality settings from now on; null keeps them.</summary>
    [ProtoMember(7)] public JsonText? Quality { get; init; }

    /// <summary>The rungs of the quality ladder climbed, after this.</summary>
    [ProtoMember(8)] public int QualityRung { get; init; }

    /// <summary>Whether the failure says nothing about the task (planned, or part of a mass loss).</summary>
    [ProtoMember(9)] public bool ExcludedFromBudgets { get; init; }

    /// <summary>Failures of the task, this one included, that are now known to be their workers' fault: they leave the task's own budget.</summary>
    [ProtoMember(10)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];

    /// <summary>Failures that had been blamed on their workers and count against the task after all: the workers complete other tasks.</summary>
    [ProtoMember(11)] public ImmutableArray<FailureId> Cleared { get; init; } = [];
}

/// <summary>What became of a <see cref="Reassign"/>, durably. Repeating the message gives the same answer.</summary>
[ProtoContract(Name = "reassign-outcome")]
public sealed record ReassignOutcome : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>True: carried out. False: superseded.</summary>
    [ProtoMember(3)] public bool Applied { get; init; }

    /// <summary>Where the task went, or what came first, in words.</summary>
    [ProtoMember(4)] public string Detail { get; init; } = "";
}
