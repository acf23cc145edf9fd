using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

/// <summary>A decision about a failure, with its explanation.</summary>
[ProtoContract(Name = "failover-decision")]
public sealed record FailoverDecision : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required FailureEvent FailureEvent { get; init; }

    /// <summary>The chosen action.</summary>
    [ProtoMember(3)] public required FailoverAction SelectedAction { get; init; }

    /// <summary>The actions that were not chosen, each with the reason.</summary>
    [ProtoMember(4)] public ImmutableArray<FailoverAction> AlternativeActions { get; init; } = [];

    /// <summary>How well the evidence supports the choice, 0 to 1. docs/decisions.md gives the formula.</summary>
    [ProtoMember(5)] public double Confidence { get; init; }

    /// <summary>Minutes until the task is expected to run again.</summary>
    [ProtoMember(6)] public double EstimatedDelay { get; init; }

    /// <summary>How the decision was made.</summary>
    [ProtoMember(7)] public DecisionMetadata DecisionMetadata { get; init; } = new();

    /// <summary>
    /// What happened to the task after this decision and before the next one, oldest first: late and stale calls, pins that ended, lease
    /// extensions, and what operators did. Only filled in when a task is explained.
    /// </summary>
    [ProtoMember(8)] public ImmutableArray<TaskHistoryEntry> Afterwards { get; init; } = [];
}

/// <summary>A way to handle a failure.</summary>
[ProtoContract]
public sealed record FailoverAction
{
    /// <summary>The strategy.</summary>
    [ProtoMember(1)] public required FailoverStrategy Strategy { get; init; }

    /// <summary>The worker that the task is pinned to, for a retry on the same worker.</summary>
    [ProtoMember(2)] public WorkerId? TargetWorkerId { get; init; }

    /// <summary>The queue that the task moves to, for a fallback.</summary>
    [ProtoMember(3)] public QueueName? TargetQueue { get; init; }

    /// <summary>Seconds until the task may be leased again, without jitter.</summary>
    [ProtoMember(4)] public int RetryDelaySeconds { get; init; }

    /// <summary>How often this action may be repeated for one task.</summary>
    [ProtoMember(5)] public int MaxRetries { get; init; } = 3;

    /// <summary>The quality settings that are merged over those of the task; empty for other strategies.</summary>
    [ProtoMember(6)] public JsonText QualityDegradation { get; init; } = JsonText.EmptyObject;

    /// <summary>Why it was chosen, or why not.</summary>
    [ProtoMember(7)] public required string Reason { get; init; }
}

/// <summary>How a decision was made, and its outcome.</summary>
[ProtoContract]
public sealed record DecisionMetadata
{
    /// <summary>The failures of this task so far, including this one.</summary>
    [ProtoMember(1)] public int FailureCount { get; init; }

    /// <summary>The worker's success rate after this failure, 0 to 1; null when no worker is named or the worker has no record.</summary>
    [ProtoMember(2)] public double? WorkerReliability { get; init; }

    /// <summary>Whether the system carries the decision out. False for advice about a task that no queue holds.</summary>
    [ProtoMember(3)] public bool Executed { get; init; }

    /// <summary>The outcome.</summary>
    [ProtoMember(4)] public DecisionOutcome Outcome { get; init; }

    /// <summary>The version of the policy's rules.</summary>
    [ProtoMember(5)] public string PolicyVersion { get; init; } = "";

    /// <summary>The base rule that chose the strategy.</summary>
    [ProtoMember(6)] public string Rule { get; init; } = "";

    /// <summary>The guards that overruled a choice, in order.</summary>
    [ProtoMember(7)] public ImmutableArray<GuardFired> Guards { get; init; } = [];

    /// <summary>The facts that the decision was based on, by name.</summary>
    [ProtoMember(8)]
    public ImmutableSortedDictionary<string, string> Facts { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The evidence for the confidence, by name.</summary>
    [ProtoMember(9)]
    public ImmutableSortedDictionary<string, string> Evidence { get; init; } =
        ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The time of the decision.</summary>
    [ProtoMember(10)] public DateTimeOffset DecidedAt { get; init; }

    /// <summary>The epoch of the lease that failed; none for a task that no queue holds.</summary>
    [ProtoMember(11)] public LeaseEpoch Epoch { get; init; }

    /// <summary>The failure's id.</summary>
    [ProtoMember(12)] public FailureId FailureId { get; init; }

    /// <summary>The number of further reports of the same failure, 0 to 1,000 after the decision.</summary>
    [ProtoMember(13)] public int AttachedReports { get; init; }

    /// <summary>Where the task went, or what superseded the decision.</summary>
    [ProtoMember(14)] public string? OutcomeDetail { get; init; }

    /// <summary>The workers on which the task failed by its own presumed fault, judged by their records.</summary>
    [ProtoMember(15)] public ImmutableArray<Witness> Witnesses { get; init; } = [];

    /// <summary>The failure whose decision to park the task is reversed by this one; null for any other decision.</summary>
    [ProtoMember(16)] public FailureId? Reverses { get; init; }
}

/// <summary>The outcome of a decision.</summary>
public enum DecisionOutcome
{
    /// <summary>The queue has not acknowledged it yet.</summary>
    Pending = 0,

    /// <summary>It was carried out.</summary>
    Resolved = 1,

    /// <summary>Something else happened to the task first, such as a late completion or an operator's command.</summary>
    Superseded = 2,

    /// <summary>
    /// No queue holds the task, or it has not failed (<see cref="ForeseeDecision"/>): the decision is advice to whoever asked.
    /// </summary>
    Advised = 3,
}

/// <summary>A guard that overruled a choice.</summary>
[ProtoContract]
public sealed record GuardFired
{
    /// <summary>The guard's name, such as <c>budget</c> or <c>poison</c>.</summary>
    [ProtoMember(1)] public required string Guard { get; init; }

    /// <summary>The strategy that it overruled.</summary>
    [ProtoMember(2)] public required FailoverStrategy Overruled { get; init; }

    /// <summary>The strategy that it chose instead.</summary>
    [ProtoMember(3)] public required FailoverStrategy Chose { get; init; }

    /// <summary>The reason, with the evidence.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }
}

/// <summary>A worker that failed a task, judged by its record.</summary>
[ProtoContract]
public sealed record Witness
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Its failures of the task that are presumed to be the task's fault, oldest first.</summary>
    [ProtoMember(2)] public ImmutableArray<FailureId> Failures { get; init; } = [];

    /// <summary>The number of them that are processing errors.</summary>
    [ProtoMember(3)] public int ProcessingErrors { get; init; }

    /// <summary>Other tasks in its record that it completed.</summary>
    [ProtoMember(4)] public int Succeeded { get; init; }

    /// <summary>Other tasks in its record that it failed, except excused ones.</summary>
    [ProtoMember(5)] public int FailedOthers { get; init; }

    /// <summary>The probability that it would have failed a good task at that time, 0 to 1.</summary>
    [ProtoMember(6)] public double ChanceOfFailingGoodTask { get; init; }

    /// <summary>The verdict on its failures.</summary>
    [ProtoMember(7)] public WitnessVerdict Verdict { get; init; }
}

/// <summary>What a worker's failures of a task prove.</summary>
public enum WitnessVerdict
{
    /// <summary>The record does not show whether the worker or the task is at fault.</summary>
    Undetermined = 0,

    /// <summary>The worker completes other tasks, so its failures are evidence against the task.</summary>
    Credible = 1,

    /// <summary>The worker fails every task, so its failures are its own fault.</summary>
    Suspect = 2,
}
