using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <summary>Failures and stale reports were forgotten, because they were too old or too many. The counts stay.</summary>
[ProtoContract(Name = "failover.history-forgotten")]
public sealed record HistoryForgotten : IStoredEvent
{
    /// <summary>The failures, oldest first.</summary>
    [ProtoMember(1)] public ImmutableArray<FailureId> Failures { get; init; } = [];

    /// <summary>Stale reports from before this time are forgotten as well.</summary>
    [ProtoMember(2)] public DateTimeOffset StaleReportsBefore { get; init; }
}

/// <content>What is forgotten, and how that changes the state.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The most failures that one event forgets.</summary>
    private const int MaxForgottenAtOnce = 500;

    /// <summary>
    /// What is to be forgotten now: failures older than the retention, and the oldest failures if there are too many or they are too large.
    /// Failures with unacknowledged orders are kept. Failures of parked tasks are kept at any age, and are the last to go when there are
    /// too many. Null when nothing is to be forgotten.
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
            // Forget 1 % more than necessary, so that a full history does not store an event with every failure.
            var stillTooMany = tooMany && (count > settings.MaxFailuresKept * 0.99 || remainingBytes > settings.MaxHistoryBytes * 0.99);
            if (forgotten.Count == MaxForgottenAtOnce || (!stillTooMany && (place.OccurredAt >= tooOld || OfParked.Contains(place))))
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

            // The event id may belong to a newer failure of the same task by now.
            ByName = failure.Names.Aggregate(
                ByName, (names, name) => names.GetValueOrDefault((task, name)) == id ? names.Remove((task, name)) : names),
            Owed = Owed.Remove(id),
            Bytes = Bytes - failure.Bytes,
        }).Sorted(task);
    }
}
