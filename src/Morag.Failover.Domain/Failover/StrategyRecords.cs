using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>How well one strategy has worked against one type of failure.</summary>
/// <param name="Tried">Decisions that were carried out, or given as advice.</param>
/// <param name="Held">Those after which the same task succeeded.</param>
/// <param name="FailedAgain">Those after which the same task failed again.</param>
public readonly record struct StrategyRecord(long Tried, long Held, long FailedAgain);

/// <summary>How well each strategy has worked so far. Confidence is computed from it.</summary>
public sealed record StrategyRecords
{
    /// <summary>No experience.</summary>
    public static readonly StrategyRecords Empty = new();

    /// <summary>The records that are not empty.</summary>
    public ImmutableDictionary<(FailureType Type, FailoverStrategy Strategy), StrategyRecord> Cells { get; init; } =
        ImmutableDictionary<(FailureType Type, FailoverStrategy Strategy), StrategyRecord>.Empty;

    /// <summary>The record of a strategy against a type of failure.</summary>
    public StrategyRecord Of(FailureType type, FailoverStrategy strategy) => Cells.GetValueOrDefault((type, strategy));

    /// <summary>Adds a decision that was tried.</summary>
    public StrategyRecords Tried(FailureType type, FailoverStrategy strategy)
    {
        var cell = Of(type, strategy);
        return this with { Cells = Cells.SetItem((type, strategy), cell with { Tried = cell.Tried + 1 }) };
    }

    /// <summary>Adds a decision after which the task failed again.</summary>
    public StrategyRecords FailedAgain(FailureType type, FailoverStrategy strategy)
    {
        var cell = Of(type, strategy);
        return this with { Cells = Cells.SetItem((type, strategy), cell with { FailedAgain = cell.FailedAgain + 1 }) };
    }

    /// <summary>Adds a decision after which the task succeeded.</summary>
    public StrategyRecords Held(FailureType type, FailoverStrategy strategy)
    {
        var cell = Of(type, strategy);
        return this with { Cells = Cells.SetItem((type, strategy), cell with { Held = cell.Held + 1 }) };
    }
}
