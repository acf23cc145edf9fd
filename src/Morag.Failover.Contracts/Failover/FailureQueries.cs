using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

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

    /// <summary>The stale reports, oldest first.</summary>
    [ProtoMember(2)] public ImmutableArray<StaleReport> StaleReports { get; init; } = [];
}

/// <summary>A report that changed nothing, because the worker or lease that it names no longer holds the task.</summary>
[ProtoContract]
public sealed record StaleReport
{
    /// <summary>When it arrived.</summary>
    [ProtoMember(1)] public DateTimeOffset At { get; init; }

    /// <summary>The reported type of failure.</summary>
    [ProtoMember(2)] public FailureType FailureType { get; init; }

    /// <summary>The reported worker.</summary>
    [ProtoMember(3)] public WorkerId? WorkerId { get; init; }

    /// <summary>The reported lease.</summary>
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

    /// <summary>The place of a failure.</summary>
    public static FailureCursor Of(FailoverDecision last)
    {
        ArgumentNullException.ThrowIfNull(last);
        return new FailureCursor { OccurredAt = last.FailureEvent.OccurredAt, FailureId = last.DecisionMetadata.FailureId };
    }

    /// <summary>The place as the HTTP API writes it into <c>after</c>.</summary>
    public string ToText() => PlaceText.Of(OccurredAt, FailureId.Value);
}

/// <summary>A page of failures with their decisions, newest first.</summary>
[ProtoContract(Name = "failure-page")]
public sealed record FailurePage : IWireMessage
{
    /// <summary>The decisions, each with its failure.</summary>
    [ProtoMember(1)] public ImmutableArray<FailoverDecision> Decisions { get; init; } = [];

    /// <summary>
    /// Whether more follow. A page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.
    /// </summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>
/// Asks one coordinator for its share of the counts. Answer: <see cref="FailureStatistics"/>, without the fields about workers.
/// </summary>
[ProtoContract(Name = "get-failure-statistics")]
public sealed record GetFailureStatistics : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }
}

/// <summary>Counts of failures and of workers in trouble.</summary>
[ProtoContract(Name = "failure-statistics")]
public sealed record FailureStatistics : IWireMessage
{
    /// <summary>All failures ever decided.</summary>
    [ProtoMember(1)] public long TotalFailures { get; init; }

    /// <summary>Those of the last 24 hours (counted by the minute: up to one minute more).</summary>
    [ProtoMember(2), JsonPropertyName("recent_failures_24h")] public long RecentFailures24h { get; init; }

    /// <summary>All failures by type.</summary>
    [ProtoMember(3)]
    public ImmutableSortedDictionary<string, long> FailureByType { get; init; } =
        ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Workers whose breaker is open.</summary>
    [ProtoMember(4)] public int ActiveCircuitBreakers { get; init; }

    /// <summary>Workers of which any success or failure is known.</summary>
    [ProtoMember(5)] public int WorkersWithReliabilityData { get; init; }
}
