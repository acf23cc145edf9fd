using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

/// <summary>A decision, with all that explains it.</summary>
[ProtoContract(Name = "failover-decision")]
public sealed record FailoverDecision : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure it answers.</summary>
    [ProtoMember(2)] public required FailureEvent FailureEvent { get; init; }

    /// <summary>What is done.</summary>
    [ProtoMember(3)] public required FailoverAction SelectedAction { get; init; }

    /// <summary>What was weighed and lost, each with why.</summary>
    [ProtoMember(4)] public ImmutableArray<FailoverAction> AlternativeActions { get; init; } = [];

    /// <summary>How well the evidence supports the choice, 0 to 1 (docs/decisions.md gives the formula).</summary>
    [ProtoMember(5)] public double Confidence { get; init; }

    /// <summary>Minutes until the task is expected to run again.</summary>
    [ProtoMember(6)] public double EstimatedDelay { get; init; }

    /// <summary>How it came about.</summary>
    [ProtoMember(7)] public DecisionMetadata DecisionMetadata { get; init; } = new();

    /// <summary>
    /// What happened to the task after this decision and before the next one, oldest first: late and stale calls, pins that ended, more
    /// time, what operators did. Filled in for the explanation of a task only.
    /// </summary>
    [ProtoMember(8)] public ImmutableArray<Queues.TaskHistoryEntry> Afterwards { get; init; } = [];
}

/// <summary>One thing that can be done about a failure.</summary>
[ProtoContract]
public sealed record FailoverAction
{
    /// <summary>The strategy.</summary>
    [ProtoMember(1)] public required FailoverStrategy Strategy { get; init; }

    /// <summary>The worker that the task is pinned to, for a retry on the same worker.</summary>
    [ProtoMember(2)] public WorkerId? TargetWorkerId { get; init; }

    /// <summary>The queue it goes to.</summary>
    [ProtoMember(3)] public QueueName? TargetQueue { get; init; }

    /// <summary>Seconds until it may be leased again, without jitter.</summary>
    [ProtoMember(4)] public int RetryDelaySeconds { get; init; }

    /// <summary>How often this action may be taken for one task.</summary>
    [ProtoMember(5)] public int MaxRetries { get; init; } = 3;

    /// <summary>The quality settings that the rung adds; empty for other strategies.</summary>
    [ProtoMember(6)] public JsonText QualityDegradation { get; init; } = JsonText.EmptyObject;

    /// <summary>Why it was chosen, or why it lost.</summary>
    [ProtoMember(7)] public required string Reason { get; init; }
}

/// <summary>How a decision came about.</summary>
[ProtoContract]
public sealed record DecisionMetadata
{
    /// <summary>Failures of this task so far, this one included.</summary>
    [ProtoMember(1)] public int FailureCount { get; init; }

    /// <summary>The worker's success rate after this failure; null where no worker is named or nothing is known.</summary>
    [ProtoMember(2)] public double? WorkerReliability { get; init; }

    /// <summary>Whether the decision is carried out here.</summary>
    [ProtoMember(3)] public bool Executed { get; init; }

    /// <summary>What became of it.</summary>
    [ProtoMember(4)] public DecisionOutcome Outcome { get; init; }

    /// <summary>The version of the policy's rules.</summary>
    [ProtoMember(5)] public string PolicyVersion { get; init; } = "";

    /// <summary>The rule of the base table that chose.</summary>
    [ProtoMember(6)] public string Rule { get; init; } = "";

    /// <summary>The guards that fired, in order.</summary>
    [ProtoMember(7)] public ImmutableArray<GuardFired> Guards { get; init; } = [];

    /// <summary>The facts that were used, by name.</summary>
    [ProtoMember(8)] public ImmutableSortedDictionary<string, string> Facts { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>The evidence that the confidence was computed from, by name.</summary>
    [ProtoMember(9)] public ImmutableSortedDictionary<string, string> Evidence { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>When it was decided.</summary>
    [ProtoMember(10)] public DateTimeOffset DecidedAt { get; init; }

    /// <summary>The lease that failed; none for tasks held elsewhere.</summary>
    [ProtoMember(11)] public LeaseEpoch Epoch { get; init; }

    /// <summary>The failure's lasting id.</summary>
    [ProtoMember(12)] public FailureId FailureId { get; init; }

    /// <summary>How many further reports of the same failure were answered with this decision.</summary>
    [ProtoMember(13)] public int AttachedReports { get; init; }

    /// <summary>What came of it, in words: where the task went, or what superseded it.</summary>
    [ProtoMember(14)] public string? OutcomeDetail { get; init; }

    /// <summary>The workers that failed the task with failures of its own kind, and what their records say of them.</summary>
    [ProtoMember(15)] public ImmutableArray<Witness> Witnesses { get; init; } = [];

    /// <summary>The failure whose decision to park is taken back by this one; null for the decision of a failure.</summary>
    [ProtoMember(16)] public FailureId? TakesBack { get; init; }
}

/// <summary>What became of a decision.</summary>
public enum DecisionOutcome
{
    /// <summary>Its action is under way.</summary>
    Pending,

    /// <summary>Its action was carried out.</summary>
    Resolved,

    /// <summary>The task moved on before: a late completion won, or an operator decided.</summary>
    Superseded,

    /// <summary>The task is held nowhere here: the decision is advice to the reporter.</summary>
    Advised,
}

/// <summary>One guard that overruled a choice.</summary>
[ProtoContract]
public sealed record GuardFired
{
    /// <summary>The guard's name, such as <c>budget</c> or <c>poison</c>.</summary>
    [ProtoMember(1)] public required string Guard { get; init; }

    /// <summary>What it overruled.</summary>
    [ProtoMember(2)] public required FailoverStrategy Overruled { get; init; }

    /// <summary>What it chose instead.</summary>
    [ProtoMember(3)] public required FailoverStrategy Chose { get; init; }

    /// <summary>Why, with the evidence.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }
}

/// <summary>A worker that failed a task, and what its record says about it.</summary>
[ProtoContract]
public sealed record Witness
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Its failures of the task that are of the task's own kinds, oldest first.</summary>
    [ProtoMember(2)] public ImmutableArray<FailureId> Failures { get; init; } = [];

    /// <summary>How many of them are processing errors.</summary>
    [ProtoMember(3)] public int ProcessingErrors { get; init; }

    /// <summary>Other tasks in its record that it completed.</summary>
    [ProtoMember(4)] public int Succeeded { get; init; }

    /// <summary>Other tasks in its record that it failed, without those that were excused.</summary>
    [ProtoMember(5)] public int FailedOthers { get; init; }

    /// <summary>The chance that it would have failed a good task at that time, 0 to 1.</summary>
    [ProtoMember(6)] public double ChanceOfFailingGoodTask { get; init; }

    /// <summary>What its failures are worth.</summary>
    [ProtoMember(7)] public WitnessVerdict Verdict { get; init; }
}

/// <summary>What a worker's failures of a task are worth as evidence against the task.</summary>
public enum WitnessVerdict
{
    /// <summary>The evidence does not tell whether the worker or the task is to blame.</summary>
    Undetermined = 0,

    /// <summary>The worker succeeds at other work: its failures speak against the task.</summary>
    Credible = 1,

    /// <summary>The worker fails everything it is given: its failures are its own.</summary>
    Suspect = 2,
}
