using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>What came of one strategy against one kind of failure.</summary>
/// <param name="Tried">Decisions that were carried out, or given as advice.</param>
/// <param name="Held">Those after which the same task succeeded.</param>
/// <param name="FailedAgain">Those after which the same task failed once more.</param>
public readonly record struct StrategyRecord(long Tried, long Held, long FailedAgain);

/// <summary>What came of earlier decisions: the experience that confidence is computed from.</summary>
public sealed record StrategyRecords
{
    /// <summary>No experience.</summary>
    public static readonly StrategyRecords Empty = new();

    /// <summary>The records that are not empty.</summary>
    public ImmutableDictionary<(FailureType Type, FailoverStrategy Strategy), StrategyRecord> Cells { get; init; } =
        ImmutableDictionary<(FailureType Type, FailoverStrategy Strategy), StrategyRecord>.Empty;

    /// <summary>The record of a strategy against a kind of failure.</summary>
    public StrategyRecord Of(FailureType type, FailoverStrategy strategy) => Cells.GetValueOrDefault((type, strategy));

    /// <summary>With one more that was tried.</summary>
    public StrategyRecords Tried(FailureType type, FailoverStrategy strategy)
    {
        var cell = Of(type, strategy);
        return this with { Cells = Cells.SetItem((type, strategy), cell with { Tried = cell.Tried + 1 }) };
    }

    /// <summary>With one more that was tried and did not hold.</summary>
    public StrategyRecords FailedAgain(FailureType type, FailoverStrategy strategy)
    {
        var cell = Of(type, strategy);
        return this with { Cells = Cells.SetItem((type, strategy), cell with { FailedAgain = cell.FailedAgain + 1 }) };
    }

    /// <summary>With one more that was tried and held: its task succeeded.</summary>
    public StrategyRecords Held(FailureType type, FailoverStrategy strategy)
    {
        var cell = Of(type, strategy);
        return this with { Cells = Cells.SetItem((type, strategy), cell with { Held = cell.Held + 1 }) };
    }
}
