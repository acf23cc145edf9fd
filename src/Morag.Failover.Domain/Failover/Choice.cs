using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>The strategy that was chosen so far, while the guards check it.</summary>
internal sealed record Choice
{
    public required FailoverStrategy Strategy { get; init; }

    /// <summary>What the strategy means.</summary>
    public StrategyTraits Traits => FailoverStrategies.Of(Strategy);

    /// <summary>The reason, for the explanation.</summary>
    public required string Because { get; init; }

    /// <summary>How often the action may be repeated; null means as often as the task may fail.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>The first delay of a retry on the same worker.</summary>
    public TimeSpan FirstDelay { get; init; }

    /// <summary>The queue of a fallback, after its guard found it.</summary>
    public QueueName? TargetQueue { get; init; }

    /// <summary>The quality settings of the rung, after its guard found it.</summary>
    public JsonText Rung { get; init; } = JsonText.EmptyObject;
}
