using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <content>Queries.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The most decisions in one answer about a task. The newest are returned.</summary>
    public const int MaxDecisions = 1_000;

    /// <summary>A failure that is kept, or null.</summary>
    public KeptFailure? Find(FailureId id) => Failures.GetValueOrDefault(id);

    /// <summary>The failure of a task with an event id, or null.</summary>
    public KeptFailure? Named(TaskId task, EventId name) => ByName.TryGetValue((task, name), out var id) ? Find(id) : null;

    /// <summary>The failure that ended a lease, or null.</summary>
    public KeptFailure? OfLease(TaskId task, LeaseEpoch epoch) => ByTask.TryGetValue(task, out var ids)
        ? ids.Reverse().Select(id => Failures[id]).FirstOrDefault(failure => failure.Decision.DecisionMetadata.Epoch == epoch)
        : null;

    /// <summary>The failures of the task whose excuse the worker has not acknowledged.</summary>
    public ImmutableArray<KeptFailure> OwingExcuseOf(TaskId task, WorkerId worker) => ByTask.TryGetValue(task, out var ids)
        ?
        [
            .. ids
                .Where(Owed.Contains)
                .Select(id => Failures[id])
                .Where(failure => failure.Excuses.Any(excuse => excuse.WorkerId == worker)),
        ]
        : [];

    /// <summary>The number of failures of the task that are kept.</summary>
    public int FailuresOf(TaskId task) => ByTask.TryGetValue(task, out var ids) ? ids.Count : 0;

    /// <summary>The last failures of the task as the policy looks at them, oldest first.</summary>
    public ImmutableArray<TaskFailure> HistoryOf(TaskId task) => ByTask.TryGetValue(task, out var ids)
        ? [.. Newest(ids, TaskPast.HistoryLength).Select(failure => failure.AsEarlier())]
        : [];

    /// <summary>The decisions about the task that are kept, and its stale reports, oldest first.</summary>
    public TaskDecisions DecisionsOf(TaskId task) => new()
    {
        Decisions = ByTask.TryGetValue(task, out var ids)
            ? NewestDecisions(ids)
            : [],
        StaleReports = [.. StaleReports.Where(stale => stale.TaskId == task).Select(stale => stale.Report)],
    };

    /// <summary>A page of stale reports, newest first; among those of one time, the highest task id first.</summary>
    public StaleReportPage List(ListStaleReports query)
    {
        var (reports, hasMore) = StaleReports
            .Where(stale => query.Task is not { } task || stale.TaskId == task)
            .Where(stale => query.Worker is not { } worker || stale.Report.WorkerId == worker)
            .Where(stale => query.After is not { } after
                || stale.Report.At < after.At
                || (stale.Report.At == after.At && string.CompareOrdinal(stale.TaskId.Value, after.TaskId.Value) < 0))
            .OrderByDescending(stale => stale.Report.At)
            .ThenByDescending(stale => stale.TaskId.Value, StringComparer.Ordinal)
            .Select(stale => new ListedStaleReport
            {
                TaskId = stale.TaskId,
                At = stale.Report.At,
                FailureType = stale.Report.FailureType,
                WorkerId = stale.Report.WorkerId,
                Epoch = stale.Report.Epoch,
                Detail = stale.Report.Detail,
            })
            .FirstPage(query.Limit, WireSize.Of, MessageLimits.MaxGatheredBytes);
        return new StaleReportPage { Reports = reports, HasMore = hasMore };
    }

    /// <summary>A page of failures, newest first; among those of one time, the highest id first.</summary>
    public FailurePage List(ListFailures query)
    {
        var (decisions, hasMore) = Entries().FirstPage(query.Limit, WireSize.Of, MessageLimits.MaxGatheredBytes);
        return new FailurePage { Decisions = decisions, HasMore = hasMore };

        IEnumerable<FailoverDecision> Entries()
        {
            for (var index = FirstOnPage(query); index >= 0; index--)
            {
                var place = ByTime[index];
                if (place.OccurredAt < query.Since)
                {
                    yield break;
                }

                var failure = Failures[place.Id].Decision;
                if (Matches(failure, query))
                {
                    yield return failure;
                }
            }
        }
    }

    private ImmutableArray<FailoverDecision> NewestDecisions(ImmutableList<FailureId> ids)
    {
        var newestFirst = Newest(ids, MaxDecisions).SelectMany(DecisionsAbout).Reverse();
        return [.. newestFirst.FirstPage(MaxDecisions, WireSize.Of, MessageLimits.MaxGatheredBytes).Entries.Reverse()];
    }

    private static IEnumerable<FailoverDecision> DecisionsAbout(KeptFailure failure) =>
        failure.Reversal is { } reversal ? [failure.Decision, reversal] : [failure.Decision];

    private IEnumerable<KeptFailure> Newest(ImmutableList<FailureId> ids, int most) =>
        ids.GetRange(Math.Max(0, ids.Count - most), Math.Min(most, ids.Count)).Select(id => Failures[id]);

    private int FirstOnPage(ListFailures query)
    {
        var last = Count - 1;
        if (query.After is { } after)
        {
            last = Math.Min(last, Below(new FailurePlace(after.OccurredAt, after.FailureId)));
        }

        // No id sorts before the empty one, so everything before this place occurred before that time.
        return query.Until is { } until ? Math.Min(last, Below(new FailurePlace(until, new FailureId("")))) : last;
    }

    private int Below(FailurePlace place)
    {
        var index = ByTime.IndexOf(place);
        return (index >= 0 ? index : ~index) - 1;
    }

    private static bool Matches(FailoverDecision decision, ListFailures query) =>
        (query.Type is not { } type || decision.FailureEvent.FailureType == type)
        && (query.Worker is not { } worker || decision.FailureEvent.WorkerId == worker)
        && (query.Task is not { } task || decision.TaskId == task);
}
