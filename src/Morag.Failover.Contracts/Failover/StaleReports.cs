using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Failover;

/// <summary>Asks one coordinator for its stale reports, newest first. Answer: <see cref="StaleReportPage"/>.</summary>
[ProtoContract(Name = "list-stale-reports")]
public sealed record ListStaleReports : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Only those about this task.</summary>
    [ProtoMember(2)] public TaskId? Task { get; init; }

    /// <summary>Only those that named this worker.</summary>
    [ProtoMember(3)] public WorkerId? Worker { get; init; }

    /// <summary>Only those after this one in the order (time descending, then task id descending).</summary>
    [ProtoMember(4)] public StaleReportCursor? After { get; init; }

    /// <summary>The most to return, 1 to 1,000.</summary>
    [ProtoMember(5)] public int Limit { get; init; } = 100;
}

/// <summary>A place in a list of stale reports.</summary>
[ProtoContract]
public sealed record StaleReportCursor
{
    /// <summary>The time of the last one seen.</summary>
    [ProtoMember(1)] public DateTimeOffset At { get; init; }

    /// <summary>The task of the last one seen.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The place of a stale report.</summary>
    public static StaleReportCursor Of(ListedStaleReport last)
    {
        ArgumentNullException.ThrowIfNull(last);
        return new StaleReportCursor { At = last.At, TaskId = last.TaskId };
    }

    /// <summary>The place as the HTTP API writes it into <c>after</c>.</summary>
    public string ToText() => PlaceText.Of(At, TaskId.Value);
}

/// <summary>A page of stale reports, newest first.</summary>
[ProtoContract(Name = "stale-report-page")]
public sealed record StaleReportPage : IWireMessage
{
    /// <summary>The reports.</summary>
    [ProtoMember(1)] public ImmutableArray<ListedStaleReport> Reports { get; init; } = [];

    /// <summary>
    /// Whether more follow. A page ends at its limit of entries, or at <see cref="MessageLimits.MaxGatheredBytes"/>.
    /// </summary>
    [ProtoMember(2)] public bool HasMore { get; init; }
}

/// <summary>A report of a failure that changed nothing, because the lease that it named no longer held the task.</summary>
[ProtoContract]
public sealed record ListedStaleReport
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>When it arrived.</summary>
    [ProtoMember(2)] public DateTimeOffset At { get; init; }

    /// <summary>The reported type of failure.</summary>
    [ProtoMember(3)] public FailureType FailureType { get; init; }

    /// <summary>The reported worker.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }

    /// <summary>The reported lease.</summary>
    [ProtoMember(5)] public LeaseEpoch? Epoch { get; init; }

    /// <summary>Why it changed nothing.</summary>
    [ProtoMember(6)] public string Detail { get; init; } = "";
}
