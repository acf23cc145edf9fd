using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>A strategy on its way through the guards.</summary>
internal sealed record Choice
{
    public required FailoverStrategy Strategy { get; init; }

    /// <summary>What the strategy means.</summary>
    public StrategyTraits Traits => FailoverStrategies.Of(Strategy);

    /// <summary>Why it is the choice, for the explanation.</summary>
    public required string Because { get; init; }

    /// <summary>How often the action may be taken; null means as often as the task may fail.</summary>
    public int? MaxRetries { get; init; }

    /// <summary>The first delay of a retry on the same worker.</summary>
    public TimeSpan FirstDelay { get; init; }

    /// <summary>The queue of a fallback, once it is known.</summary>
    public QueueName? TargetQueue { get; init; }

    /// <summary>What the rung adds to the quality settings, once it is known.</summary>
    public JsonText Rung { get; init; } = JsonText.EmptyObject;
}
