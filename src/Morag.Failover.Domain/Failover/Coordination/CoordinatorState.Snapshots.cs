using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Failover.Coordination;

/// <content>How the state is stored.</content>
public sealed partial record CoordinatorState
{
    /// <summary>The state as a snapshot stores it, in parts of at most <paramref name="maxBytes"/>, by estimate.</summary>
    public IEnumerable<CoordinatorSnapshot> ToParts(int maxBytes)
    {
        // The first part holds both some stale reports and some failures.
        var half = maxBytes / 2;
        var stale = StaleReports.InBatches(WireSize.Of, half).ToList();
        var rest = new CoordinatorSnapshot
        {
            StaleReports = stale[0],
            TotalFailures = Tally.Total,
            Counts =
            [
                .. Tally.ByType.Select(count => new StoredFailureCount { Type = count.Key, Count = count.Value }),
                .. Tally.ByMinute.Select(count => new StoredFailureCount { Minute = count.Key, Count = count.Value }),
            ],
            Records =
            [
                .. Records.Cells.OrderBy(cell => cell.Key).Select(cell => new StoredStrategyRecord
                {
                    Type = cell.Key.Type,
                    Strategy = cell.Key.Strategy,
                    Tried = cell.Value.Tried,
                    FailedAgain = cell.Value.FailedAgain,
                    Held = cell.Value.Held,
                }),
            ],
        };
        foreach (var run in Failures.Values.OrderBy(failure => failure.Number).Select(Stored).InBatches(WireSize.Of, half))
        {
            yield return rest with { Failures = run };
            rest = new CoordinatorSnapshot();
        }

        foreach (var run in stale.Skip(1))
        {
            yield return new CoordinatorSnapshot { StaleReports = run };
        }

        if (!Audit.Entries.IsEmpty)
        {
            foreach (var run in Audit.Entries.InBatches(WireSize.Of, half))
            {
                yield return new CoordinatorSnapshot { Audit = run };
            }
        }
    }

    /// <summary>The state that a snapshot's parts stored.</summary>
    public static CoordinatorState FromParts(IReadOnlyList<CoordinatorSnapshot> parts) =>
        parts.SelectMany(part => part.Failures).Aggregate(Empty, (state, failure) => state.With(new KeptFailure
        {
            Number = state.LastNumber + 1,
            Decision = failure.Decision,
            Names = failure.Names,
            ExcludedFromBudgets = failure.ExcludedFromBudgets,
            Reassign = failure.Reassign,
            OpenBreaker = failure.OpenBreaker,
            Excuses = failure.Excuses,
            Reversal = failure.Reversal,
            HasProgressed = failure.HasProgressed,
            Held = failure.Held,
        })) with
        {
            StaleReports = [.. parts.SelectMany(part => part.StaleReports)],
            Audit = AuditTrail.Empty.With(parts.SelectMany(part => part.Audit)),
            Tally = new FailureTally
            {
                Total = parts[0].TotalFailures,
                ByType = parts[0].Counts.Where(count => count.Type is not null)
                    .ToImmutableSortedDictionary(count => count.Type!.Value, count => count.Count),
                ByMinute = parts[0].Counts.Where(count => count.Minute is not null)
                    .ToImmutableSortedDictionary(count => count.Minute!.Value, count => count.Count),
            },
            Records = new StrategyRecords
            {
                Cells = parts[0].Records.ToImmutableDictionary(
                    record => (record.Type, record.Strategy), record => new StrategyRecord(record.Tried, record.Held, record.FailedAgain)),
            },
        };

    private static StoredFailure Stored(KeptFailure failure) => new()
    {
        Decision = failure.Decision,
        Names = failure.Names,
        ExcludedFromBudgets = failure.ExcludedFromBudgets,
        Reassign = failure.Reassign,
        OpenBreaker = failure.OpenBreaker,
        Excuses = failure.Excuses,
        Reversal = failure.Reversal,
        HasProgressed = failure.HasProgressed,
        Held = failure.Held,
    };
}
