using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>
/// The state of one coordinator: its failures with their decisions, the orders that are not acknowledged yet, and the counts. Each event
/// stands in a file of its own, together with the method that applies it.
/// </summary>
public sealed partial record CoordinatorState
{
    /// <summary>The state before the first event.</summary>
    public static readonly CoordinatorState Empty = new();

    /// <summary>The counts. They include failures that are no longer kept.</summary>
    public FailureTally Tally { get; private init; } = FailureTally.Empty;

    /// <summary>How well each strategy has worked.</summary>
    public StrategyRecords Records { get; private init; } = StrategyRecords.Empty;

    /// <summary>The failures with orders that are not acknowledged yet.</summary>
    public ImmutableHashSet<FailureId> Owed { get; private init; } = ImmutableHashSet<FailureId>.Empty;

    /// <summary>The number of failures that are kept.</summary>
    public int Count => Failures.Count;

    private ImmutableDictionary<FailureId, KeptFailure> Failures { get; init; } = ImmutableDictionary<FailureId, KeptFailure>.Empty;

    private ImmutableSortedSet<FailurePlace> ByTime { get; init; } = ImmutableSortedSet<FailurePlace>.Empty;

    /// <summary>The failures of parked tasks, which explain why they are parked.</summary>
    private ImmutableSortedSet<FailurePlace> OfParked { get; init; } = ImmutableSortedSet<FailurePlace>.Empty;

    /// <summary>The failures that may be forgotten once they are old.</summary>
    private ImmutableSortedSet<FailurePlace> Forgettable { get; init; } = ImmutableSortedSet<FailurePlace>.Empty;

    private ImmutableDictionary<TaskId, ImmutableList<FailureId>> ByTask { get; init; } =
        ImmutableDictionary<TaskId, ImmutableList<FailureId>>.Empty;

    private ImmutableDictionary<(TaskId, EventId), FailureId> ByName { get; init; } =
        ImmutableDictionary<(TaskId, EventId), FailureId>.Empty;

    private ImmutableList<StoredStaleReport> StaleReports { get; init; } = [];

    /// <summary>The estimated size of the failures that are kept, in bytes.</summary>
    public long Bytes { get; private init; }

    /// <summary>The number of the last decision.</summary>
    private long LastNumber { get; init; }

    /// <summary>The state after an event.</summary>
    /// <exception cref="InvalidOperationException">The event is not one of a coordinator.</exception>
    public CoordinatorState Apply(IStoredEvent @event) => @event switch
    {
        FailureDecided decided => Decided(decided),
        DecisionCarriedOut outcome => CarriedOut(outcome),
        BreakerOpeningAcknowledged taken => BreakerOpened(taken),
        ExcuseAcknowledged taken => Excused(taken),
        ParkReversed reversed => Reverse(reversed),
        UnparkCarriedOut outcome => Unparked(outcome),
        TaskProgressed progressed => Progress(progressed),
        ReportAttached attached => Attached(attached),
        StaleReportRecorded stale => StaleRecorded(stale),
        HistoryForgotten forgotten => Forgotten(forgotten),
        OperatorActionsRecorded recorded => this with { Audit = Audit.With(recorded.Entries) },
        AuditForgotten forgotten => this with { Audit = Audit.WithoutOldest(forgotten.Count) },
        ClockSetBack setBack => ClockSetBack(setBack.At),
        _ => throw new InvalidOperationException($"a coordinator cannot apply the event {@event.GetType()}"),
    };

    /// <summary>Adds a failure to all indexes.</summary>
    private CoordinatorState With(KeptFailure failure)
    {
        var task = failure.Decision.TaskId;
        return (this with
        {
            Failures = Failures.Add(failure.Id, failure),
            ByTime = ByTime.Add(failure.Place),
            ByTask = ByTask.SetItem(task, ByTask.GetValueOrDefault(task, []).Add(failure.Id)),
            ByName = failure.Names.Aggregate(ByName, (names, name) => names.SetItem((task, name), failure.Id)),
            Owed = failure.IsOwed ? Owed.Add(failure.Id) : Owed,
            Bytes = Bytes + failure.Bytes,
            LastNumber = failure.Number,
        }).Sorted(task);
    }

    private CoordinatorState Settled(FailureId id, Func<KeptFailure, KeptFailure> change)
    {
        if (Find(id) is not { } failure)
        {
            return this;
        }

        var changed = change(failure);
        return (this with
        {
            Failures = Failures.SetItem(id, changed),
            Owed = changed.IsOwed ? Owed.Add(id) : Owed.Remove(id),
            Bytes = Bytes + changed.Bytes - failure.Bytes,
        }).Sorted(failure.Decision.TaskId);
    }

    private KeptFailure? LastOf(TaskId task) => ByTask.TryGetValue(task, out var ids) ? Failures[ids[^1]] : null;

    private static bool WasTried(FailoverDecision decision) =>
        decision.DecisionMetadata.Outcome is DecisionOutcome.Resolved or DecisionOutcome.Advised;
}
