using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <content>How the state is stored.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The state as a snapshot stores it.</summary>
    public CoordinatorSnapshot ToSnapshot() => new()
    {
        Failures =
        [
            .. Failures.Values.OrderBy(failure => failure.Number).Select(failure => new StoredFailure
            {
                Decision = failure.Decision,
                Names = failure.Names,
                SaysNothingOfTask = failure.SaysNothingOfTask,
                Reassign = failure.Reassign,
                OpenBreaker = failure.OpenBreaker,
                Excuses = failure.Excuses,
            }),
        ],
        StaleReports = [.. StaleReports],
        TotalFailures = Tally.Total,
        Counts =
        [
            .. Tally.ByType.Select(count => new StoredFailureCount { Type = count.Key, Count = count.Value }),
            .. Tally.ByHour.Select(count => new StoredFailureCount { Hour = count.Key, Count = count.Value }),
        ],
        Records =
        [
            .. Records.Cells.OrderBy(cell => cell.Key).Select(cell => new StoredStrategyRecord
            {
                Type = cell.Key.Type,
                Strategy = cell.Key.Strategy,
                Tried = cell.Value.Tried,
                FailedAgain = cell.Value.FailedAgain,
            }),
        ],
    };

    /// <summary>The state that a snapshot stored.</summary>
    public static CoordinatorState FromSnapshot(CoordinatorSnapshot snapshot) =>
        snapshot.Failures.Aggregate(Empty, (state, failure) => state.With(new KeptFailure
        {
            Number = state.LastNumber + 1,
            Decision = failure.Decision,
            Names = failure.Names,
            SaysNothingOfTask = failure.SaysNothingOfTask,
            Reassign = failure.Reassign,
            OpenBreaker = failure.OpenBreaker,
            Excuses = failure.Excuses,
        })) with
        {
            StaleReports = [.. snapshot.StaleReports],
            Tally = new FailureTally
            {
                Total = snapshot.TotalFailures,
                ByType = snapshot.Counts.Where(count => count.Type is not null)
                    .ToImmutableSortedDictionary(count => count.Type!.Value, count => count.Count),
                ByHour = snapshot.Counts.Where(count => count.Hour is not null)
                    .ToImmutableSortedDictionary(count => count.Hour!.Value, count => count.Count),
            },
            Records = new StrategyRecords
            {
                Cells = snapshot.Records.ToImmutableDictionary(
                    record => (record.Type, record.Strategy), record => new StrategyRecord(record.Tried, record.FailedAgain)),
            },
        };
}
