using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>
/// What one coordinator knows: its failures with their decisions, what is owed of them, and the counts. Changed by events alone.
/// </summary>
public sealed partial record CoordinatorState
{
    /// <summary>The most stale reports that are kept.</summary>
    public const int MaxStaleReports = 1_000;

    /// <summary>Nothing happened yet.</summary>
    public static readonly CoordinatorState Empty = new();

    /// <summary>The exact counts.</summary>
    public FailureTally Tally { get; private init; } = FailureTally.Empty;

    /// <summary>What came of the strategies.</summary>
    public StrategyRecords Records { get; private init; } = StrategyRecords.Empty;

    /// <summary>The failures of which something is owed.</summary>
    public ImmutableHashSet<FailureId> Owed { get; private init; } = ImmutableHashSet<FailureId>.Empty;

    /// <summary>How many failures are kept.</summary>
    public int Count => Failures.Count;

    private ImmutableDictionary<FailureId, KeptFailure> Failures { get; init; } = ImmutableDictionary<FailureId, KeptFailure>.Empty;

    private ImmutableSortedSet<FailurePlace> ByTime { get; init; } = ImmutableSortedSet<FailurePlace>.Empty;

    /// <summary>Those of <see cref="ByTime"/> whose tasks are parked, and which explain why.</summary>
    private ImmutableSortedSet<FailurePlace> OfParked { get; init; } = ImmutableSortedSet<FailurePlace>.Empty;

    /// <summary>Those of <see cref="ByTime"/> that may be forgotten once they are old.</summary>
    private ImmutableSortedSet<FailurePlace> Forgettable { get; init; } = ImmutableSortedSet<FailurePlace>.Empty;

    private ImmutableDictionary<TaskId, ImmutableList<FailureId>> ByTask { get; init; } = ImmutableDictionary<TaskId, ImmutableList<FailureId>>.Empty;

    private ImmutableDictionary<(TaskId, EventId), FailureId> ByName { get; init; } = ImmutableDictionary<(TaskId, EventId), FailureId>.Empty;

    private ImmutableList<StoredStaleReport> StaleReports { get; init; } = [];

    /// <summary>An estimate of the bytes that the failures kept take, in memory and as they are stored.</summary>
    public long Bytes { get; private init; }

    /// <summary>The number of the failure that was decided last.</summary>
    private long LastNumber { get; init; }

    /// <summary>The state after an event; throws on an unknown one.</summary>
    public CoordinatorState Apply(IStoredEvent @event) => @event switch
    {
        FailureDecided decided => Decided(decided),
        DecisionCarriedOut outcome => CarriedOut(outcome),
        BreakerOpeningTaken taken => Settled(taken.FailureId, failure => failure with { OpenBreaker = null }),
        ExcuseTaken taken => Settled(
            taken.FailureId, failure => failure with { Excuses = failure.Excuses.RemoveAll(excuse => excuse.WorkerId == taken.WorkerId) }),
        ParkTakenBack taken => Settled(taken.FailureId, failure => failure with { TakenBack = taken.Decision }),
        UnparkCarriedOut outcome => Settled(outcome.FailureId, failure => failure with { TakenBack = After(failure.TakenBack, outcome) }),
        WentOn wentOn => After(wentOn),
        ReportAttached attached => Attached(attached),
        StaleReportRecorded stale => WithStaleReport(new StoredStaleReport { TaskId = stale.TaskId, Report = stale.Report }),
        HistoryForgotten forgotten => Forgotten(forgotten),
        ClockSetBack setBack => ClockSetBack(setBack.At),
        _ => throw new InvalidOperationException($"a coordinator knows no event {@event.GetType()}"),
    };

    private CoordinatorState Decided(FailureDecided decided)
    {
        var decision = decided.Decision;
        var type = decision.FailureEvent.FailureType;
        var advised = decision.DecisionMetadata.Outcome == DecisionOutcome.Advised;
        var records = LastOf(decision.TaskId) is { } before && WasTried(before.Decision)
            ? Records.FailedAgain(before.Decision.FailureEvent.FailureType, before.Decision.SelectedAction.Strategy)
            : Records;
        return With(new KeptFailure
        {
            Number = LastNumber + 1,
            Decision = decision,
            Names = decided.Names,
            ExcludedFromBudgets = decided.ExcludedFromBudgets,
            Reassign = decided.Reassign,
            OpenBreaker = decided.OpenBreaker,
            Excuses = decided.Excuses,
        }) with
        {
            Tally = Tally.With(type, decision.DecisionMetadata.DecidedAt),
            Records = advised ? records.Tried(type, decision.SelectedAction.Strategy) : records,
        };
    }

    /// <summary>The state with a failure that it does not have, in all indexes.</summary>
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

    private CoordinatorState CarriedOut(DecisionCarriedOut outcome)
    {
        if (Find(outcome.FailureId) is not { } failure)
        {
            return this;
        }

        var decision = failure.Decision;
        var carriedOut = decision with
        {
            FailureEvent = outcome.Applied
                ? decision.FailureEvent with { Resolved = true, ResolvedAt = outcome.At, ResolutionStrategy = decision.SelectedAction.Strategy }
                : decision.FailureEvent,
            DecisionMetadata = decision.DecisionMetadata with
            {
                Outcome = outcome.Applied ? DecisionOutcome.Resolved : DecisionOutcome.Superseded,
                OutcomeDetail = outcome.Detail,
            },
        };
        var settled = Settled(outcome.FailureId, kept => kept with { Decision = carriedOut, Reassign = null });
        return outcome.Applied
            ? settled with { Records = settled.Records.Tried(decision.FailureEvent.FailureType, decision.SelectedAction.Strategy) }
            : settled;
    }

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

    private CoordinatorState WithStaleReport(StoredStaleReport report)
    {
        var reports = StaleReports.Add(report);
        return this with { StaleReports = reports.Count > MaxStaleReports ? reports.RemoveAt(0) : reports };
    }

    private CoordinatorState Forgotten(HistoryForgotten forgotten)
    {
        var state = this with { StaleReports = StaleReports.RemoveAll(stale => stale.Report.At < forgotten.StaleReportsBefore) };
        return forgotten.Failures.Aggregate(state, (remaining, id) => remaining.Without(id));
    }

    private CoordinatorState Without(FailureId id)
    {
        if (Find(id) is not { } failure)
        {
            return this;
        }

        var task = failure.Decision.TaskId;
        var others = ByTask[task].Remove(id);
        return (this with
        {
            Failures = Failures.Remove(id),
            ByTime = ByTime.Remove(failure.Place),
            OfParked = OfParked.Remove(failure.Place),
            Forgettable = Forgettable.Remove(failure.Place),
            ByTask = others.IsEmpty ? ByTask.Remove(task) : ByTask.SetItem(task, others),

            // A name may have gone over to a newer failure of the same task.
            ByName = failure.Names.Aggregate(
                ByName, (names, name) => names.GetValueOrDefault((task, name)) == id ? names.Remove((task, name)) : names),
            Owed = Owed.Remove(id),
            Bytes = Bytes - failure.Bytes,
        }).Sorted(task);
    }

    private KeptFailure? LastOf(TaskId task) => ByTask.TryGetValue(task, out var ids) ? Failures[ids[^1]] : null;

    private static bool WasTried(FailoverDecision decision) =>
        decision.DecisionMetadata.Outcome is DecisionOutcome.Resolved or DecisionOutcome.Advised;
}
