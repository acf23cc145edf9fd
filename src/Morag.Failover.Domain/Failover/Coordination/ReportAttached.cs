using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>Another report of a failure that is decided.</summary>
[ProtoContract(Name = "failover.report-attached")]
public sealed record ReportAttached : IStoredEvent
{
    /// <summary>The failure.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <summary>The reporter's event id, if the failure did not have it.</summary>
    [ProtoMember(2)] public EventId? Name { get; init; }
}

/// <summary>A report that changed nothing, because the worker or lease that it names no longer holds the task.</summary>
[ProtoContract(Name = "failover.stale-report-recorded")]
public sealed record StaleReportRecorded : IStoredEvent
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The report.</summary>
    [ProtoMember(2)] public required StaleReport Report { get; init; }
}

/// <content>How further reports change the state.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The most stale reports that are kept.</summary>
    public const int MaxStaleReports = 1_000;

    /// <summary>The most reports that are counted for one failure. Further ones are answered only.</summary>
    private const int MaxAttachedReports = 1_000;

    /// <summary>Whether another report of a failure is counted, or brings an event id that is kept.</summary>
    public static bool IsWorthRecording(KeptFailure failure, EventId? name) =>
        NewName(failure, name) is not null || failure.Decision.DecisionMetadata.AttachedReports < MaxAttachedReports;

    /// <summary>The event id, unless the failure already has it or has too many; then null.</summary>
    public static EventId? NewName(KeptFailure failure, EventId? name) =>
        name is { } given && !failure.Names.Contains(given) && failure.Names.Length < KeptFailure.MaxNames ? given : null;

    private CoordinatorState Attached(ReportAttached attached)
    {
        if (Find(attached.FailureId) is not { } failure)
        {
            return this;
        }

        var metadata = failure.Decision.DecisionMetadata;
        var counted = failure with
        {
            Decision = failure.Decision with { DecisionMetadata = metadata with { AttachedReports = metadata.AttachedReports + 1 } },
            Names = attached.Name is { } name ? failure.Names.Add(name) : failure.Names,
        };
        return this with
        {
            Failures = Failures.SetItem(failure.Id, counted),
            ByName = attached.Name is { } added ? ByName.SetItem((failure.Decision.TaskId, added), failure.Id) : ByName,
        };
    }

    private CoordinatorState StaleRecorded(StaleReportRecorded stale)
    {
        var reports = StaleReports.Add(new StoredStaleReport { TaskId = stale.TaskId, Report = stale.Report });
        return this with { StaleReports = reports.Count > MaxStaleReports ? reports.RemoveAt(0) : reports };
    }
}
