using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <content>What can be asked of the state.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The most decisions about one task that one answer tells: the newest.</summary>
    public const int MostTold = 1_000;

    /// <summary>From so many attached reports on, further ones are answered and no longer counted.</summary>
    private const int MaxAttachedReports = 1_000;

    /// <summary>The most failures that one event forgets.</summary>
    private const int ForgottenAtOnce = 500;

    /// <summary>A failure that is kept, or null.</summary>
    public KeptFailure? Find(FailureId id) => Failures.GetValueOrDefault(id);

    /// <summary>The failure that a reporter gave that name, or null.</summary>
    public KeptFailure? Named(TaskId task, EventId name) => ByName.TryGetValue((task, name), out var id) ? Find(id) : null;

    /// <summary>The failure that ended that lease, or null.</summary>
    public KeptFailure? OfLease(TaskId task, LeaseEpoch epoch) => ByTask.TryGetValue(task, out var ids)
        ? ids.Reverse().Select(id => Failures[id]).FirstOrDefault(failure => failure.Decision.DecisionMetadata.Epoch == epoch)
        : null;

    /// <summary>The failures of the task whose decision still owes that worker an excuse.</summary>
    public ImmutableArray<KeptFailure> OwingExcuseOf(TaskId task, WorkerId worker) => ByTask.TryGetValue(task, out var ids)
        ? [.. ids.Where(Owed.Contains).Select(id => Failures[id]).Where(failure => failure.Excuses.Any(excuse => excuse.WorkerId == worker))]
        : [];

    /// <summary>How many failures of the task are kept.</summary>
    public int FailuresOf(TaskId task) => ByTask.TryGetValue(task, out var ids) ? ids.Count : 0;

    /// <summary>The last failures of the task as the policy looks at them, oldest first.</summary>
    public ImmutableArray<TaskFailure> HistoryOf(TaskId task) => ByTask.TryGetValue(task, out var ids)
        ? [.. Newest(ids, TaskPast.HistoryLength).Select(failure => failure.AsEarlier())]
        : [];

    /// <summary>Every decision about the task that is kept, and its stale reports, oldest first.</summary>
    public TaskDecisions DecisionsOf(TaskId task) => new()
    {
        Decisions = ByTask.TryGetValue(task, out var ids)
            ? [.. Newest(ids, MostTold).SelectMany(Told).Reverse().FirstPage(MostTold, WireSize.Of, MessageLimits.MaxGatheredBytes).Entries.Reverse()]
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

    private static IEnumerable<FailoverDecision> Told(KeptFailure failure) =>
        failure.TakenBack is { } takenBack ? [failure.Decision, takenBack] : [failure.Decision];

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

    /// <summary>Whether one more report of a failure, under a name or none, is worth an event.</summary>
    public static bool IsWorthRecording(KeptFailure failure, EventId? name) =>
        NewName(failure, name) is not null || failure.Decision.DecisionMetadata.AttachedReports < MaxAttachedReports;

    /// <summary>The name, where the failure does not have it and may still get it.</summary>
    public static EventId? NewName(KeptFailure failure, EventId? name) =>
        name is { } given && !failure.Names.Contains(given) && failure.Names.Length < KeptFailure.MaxNames ? given : null;

    /// <summary>
    /// What is to be forgotten now: failures older than the history is kept, and the oldest of too many or too big ones, without those of
    /// which something is owed. What explains a parked task is kept at any age, and goes last where there is too much. Null where there is
    /// nothing.
    /// </summary>
    public HistoryForgotten? ToForget(DateTimeOffset now, PolicySettings settings)
    {
        var tooOld = now - settings.HistoryKept;
        var tooMany = Count > settings.MaxFailuresKept || Bytes > settings.MaxHistoryBytes;
        var staleIsOld = !StaleReports.IsEmpty && StaleReports[0].Report.At < tooOld;
        if (!tooMany && !staleIsOld && (Forgettable.IsEmpty || Forgettable.Min.OccurredAt >= tooOld))
        {
            return null;
        }

        var (count, remainingBytes) = (Count, Bytes);
        var forgotten = ImmutableArray.CreateBuilder<FailureId>();
        foreach (var place in tooMany ? Forgettable.Concat(OfParked) : Forgettable)
        {
            // A little more than has to go, so that a full history does not forget with every failure.
            var stillTooMany = tooMany && (count > settings.MaxFailuresKept * 0.99 || remainingBytes > settings.MaxHistoryBytes * 0.99);
            if (forgotten.Count == ForgottenAtOnce || (!stillTooMany && (place.OccurredAt >= tooOld || OfParked.Contains(place))))
            {
                break;
            }

            if (!Owed.Contains(place.Id))
            {
                forgotten.Add(place.Id);
                count--;
                remainingBytes -= Failures[place.Id].Bytes;
            }
        }

        return forgotten.Count > 0 || staleIsOld
            ? new HistoryForgotten { Failures = forgotten.ToImmutable(), StaleReportsBefore = tooOld }
            : null;
    }

    private IEnumerable<KeptFailure> Newest(ImmutableList<FailureId> ids, int most) =>
        ids.GetRange(Math.Max(0, ids.Count - most), Math.Min(most, ids.Count)).Select(id => Failures[id]);

    private int FirstOnPage(ListFailures query)
    {
        var last = Count - 1;
        if (query.After is { } after)
        {
            last = Math.Min(last, Below(new FailurePlace(after.OccurredAt, after.FailureId)));
        }

        // No id is lower than the empty one: what lies below it occurred before that time.
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
