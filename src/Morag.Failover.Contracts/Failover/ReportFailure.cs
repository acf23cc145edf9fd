using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

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

/// <summary>The report named a worker or a lease that no longer holds the task: it was recorded, and changed nothing.</summary>
[ProtoContract(Name = "failure-stale")]
public sealed record FailureStale : IWireMessage
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why it is stale: who holds the task now, or what became of it.</summary>
    [ProtoMember(2)] public required string Detail { get; init; }
}

/// <summary>
/// What a queue owes the coordinator for a lease that ended: sent again until the <see cref="Reassign"/> for it arrives.
/// </summary>
[ProtoContract(Name = "decide-failure")]
public sealed record DecideFailure : ITaskMessage
{
    /// <summary>The lease that ended, and the facts of its task.</summary>
    [ProtoMember(1)] public required LeaseFailure Failure { get; init; }

    /// <inheritdoc />
    public TaskId TaskId => Failure?.TaskId ?? default; // A message may arrive without it.
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

/// <summary>Asks for every decision about a task. Answer: <see cref="TaskDecisions"/>.</summary>
[ProtoContract(Name = "get-task-decisions")]
public sealed record GetTaskDecisions : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
}

/// <summary>
/// Every decision about a task that is still kept, oldest first; empty for a task that never failed. Of more than
/// <see cref="MessageLimits.MaxGatheredBytes"/> only the newest: <see cref="ListFailures"/> gives all of them, in pages.
/// </summary>
[ProtoContract(Name = "task-decisions")]
public sealed record TaskDecisions : IWireMessage
{
    /// <summary>The decisions.</summary>
    [ProtoMember(1)] public ImmutableArray<FailoverDecision> Decisions { get; init; } = [];

    /// <summary>Reports that were stale when they came, oldest first.</summary>
    [ProtoMember(2)] public ImmutableArray<StaleReport> StaleReports { get; init; } = [];
}

/// <summary>A report that changed nothing.</summary>
[ProtoContract]
public sealed record StaleReport
{
    /// <summary>When it came.</summary>
    [ProtoMember(1)] public DateTimeOffset At { get; init; }

    /// <summary>What it said.</summary>
    [ProtoMember(2)] public FailureType FailureType { get; init; }

    /// <summary>Which worker it named.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>Which lease it named.</summary>
    [ProtoMember(4)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>Why it changed nothing.</summary>
    [ProtoMember(5)] public string Detail { get; init; } = "";
}

/// <summary>Asks one coordinator for failures, newest first. Answer: <see cref="FailurePage"/>.</summary>
[ProtoContract(Name = "list-failures")]
public sealed record ListFailures : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Only those that occurred at this time or later.</summary>
    [ProtoMember(2)] public DateTimeOffset? Since { get; init; }

    /// <summary>Only those that occurred before this time.</summary>
    [ProtoMember(3)] public DateTimeOffset? Until { get; init; }

    /// <summary>Only those of this type.</summary>
    [ProtoMember(4)] public FailureType? Type { get; init; }

    /// <summary>Only those on this worker.</summary>
    [ProtoMember(5)] public WorkerId? Worker { get; init; }

    /// <summary>Only those of this task.</summary>
    [ProtoMember(6)] public TaskId? Task { get; init; }

    /// <summary>Only those that come after this one in the order (time descending, then failure id descending).</summary>
    [ProtoMember(7)] public FailureCursor? After { get; init; }

    /// <summary>The most to return, 1 to 1,000.</summary>
    [ProtoMember(8)] public int Limit { get; init; } = 100;
}

/// <summary>A place in a list of failures.</summary>
[ProtoContract]
public sealed record FailureCursor
{
    /// <summary>The time of the last one seen.</summary>
    [ProtoMember(1)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>The id of the last one seen.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }
}

/// <summary>A page of failures with their decisions, newest first.</summary>
[ProtoContract(Name = "failure-page")]
public sealed record FailurePage : IWireMessage
{
    /// <summary>The decisions, each with its failure.</summary>
    [ProtoMember(1)] public ImmutableArray<FailoverDecision> Decisions { get; init; } = [];

    /// <summary>Whether there are more after these: the page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.</summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>Asks one coordinator for its share of the counts. Answer: <see cref="FailureStatistics"/> (without the workers' fields).</summary>
[ProtoContract(Name = "get-failure-statistics")]
public sealed record GetFailureStatistics : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }
}
