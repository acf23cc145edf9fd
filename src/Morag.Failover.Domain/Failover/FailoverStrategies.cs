using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// What each strategy means. The queues, the policy, the guards and the explanations read it here, so a new strategy needs a row here and
/// nothing else in the domain.
/// </summary>
public static class FailoverStrategies
{
    private static readonly StrategyTraits[] Rows = ByValue(
        new StrategyTraits(FailoverStrategy.RetrySameWorker, CaseEvidence.OfWorkerOutcomes)
        {
            PinsToWorker = true,
            NeedsWorker = true,
            Counter = StrategyCounter.SameWorkerRetries,
            QueuedAs = "pinned to the same worker",
            Delay = (choice, task, settings) => RetryDelays.Doubled(choice.FirstDelay, task.SameWorkerRetries, settings.MaxDelay),
            WhyNot = rejected => $"{Counted.Of(rejected.Failure.ConsecutiveFailures, "failure")} in a row on {rejected.Failure.WorkerName}",
        },
        new StrategyTraits(FailoverStrategy.ReassignSameQueue, CaseEvidence.OfFailuresInARow)
        {
            AvoidsFailedWorker = true,
            Counter = StrategyCounter.Reassignments,
            QueuedAs = "queued again",
            Delay = RetryDelays.OfReassignment,
            WhyNot = WhyNotReassigned,
            WhyNotInsteadOfParking = "another worker is likely to fail the same way",
        },
        new StrategyTraits(FailoverStrategy.FallbackQueue, CaseEvidence.ForFallback)
        {
            MovesToNextQueue = true,
            QueuedAs = "moved to the fallback queue",
            WhyNot = _ => "other workers of the current queue can take the task",
        },
        new StrategyTraits(FailoverStrategy.DegradeQuality, CaseEvidence.OfFailureTypes)
        {
            LowersQuality = true,
            Counter = StrategyCounter.QualityRungs,
            QueuedAs = "queued again at lower quality",
        },
        new StrategyTraits(FailoverStrategy.CircuitBreaker, CaseEvidence.OfFailuresInARow)
        {
            AvoidsFailedWorker = true,
            OpensBreaker = true,
            NeedsWorker = true,
            Counter = StrategyCounter.Reassignments,
            QueuedAs = "queued again",
            Delay = RetryDelays.OfReassignment,
        },
        new StrategyTraits(FailoverStrategy.ManualIntervention, CaseEvidence.ForParking)
        {
            ParksTask = true,
            QueuedAs = "parked for an operator",
            WhyNot = rejected =>
                $"retry budget remaining: {rejected.Failure.Task.OwnFailures} of {rejected.Failure.Task.MaxRetries} task failures used, "
                + $"{rejected.Failure.Task.FleetFailures} of {rejected.Settings.MaxFleetFailures} worker and network failures used",
        });

    /// <summary>Every row, in the order in which explanations list the strategies.</summary>
    public static IReadOnlyList<StrategyTraits> All => Rows;

    /// <summary>The row of a strategy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The strategy has no row.</exception>
    public static StrategyTraits Of(FailoverStrategy strategy) => (uint)strategy < (uint)Rows.Length
        ? Rows[(int)strategy]
        : throw new ArgumentOutOfRangeException(nameof(strategy), strategy, "FailoverStrategies has no row for this strategy");

    private static string? WhyNotReassigned(Rejection rejected)
    {
        var selected = Of(rejected.Selected.Strategy);
        return selected.PinsToWorker ? $"the failure may be temporary, so {rejected.Failure.WorkerName} is tried again first"
            : selected.MovesToNextQueue ? "the workers of this queue have problems, so the next queue is tried"
            : null;
    }

    private static StrategyTraits[] ByValue(params StrategyTraits[] rows) => [.. rows.OrderBy(row => row.Strategy)];
}

/// <summary>What one strategy means. Flags that are not set are false.</summary>
public sealed record StrategyTraits
{
    internal StrategyTraits(FailoverStrategy strategy, Func<FailureCase, CaseEvidence> evidence)
    {
        Strategy = strategy;
        Evidence = evidence;
    }

    /// <summary>The strategy.</summary>
    public FailoverStrategy Strategy { get; }

    /// <summary>Whether only the worker that failed may take the task, until the pin lapses.</summary>
    public bool PinsToWorker { get; init; }

    /// <summary>Whether the worker that failed is offered the task only when no other worker takes it.</summary>
    public bool AvoidsFailedWorker { get; init; }

    /// <summary>Whether the task moves to the next queue of its fallback chain.</summary>
    public bool MovesToNextQueue { get; init; }

    /// <summary>Whether the next rung of the quality ladder applies to the task.</summary>
    public bool LowersQuality { get; init; }

    /// <summary>Whether the breaker of the worker that failed opens.</summary>
    public bool OpensBreaker { get; init; }

    /// <summary>Whether the task waits for an operator.</summary>
    public bool ParksTask { get; init; }

    /// <summary>Whether the strategy is only weighed for a failure that names its worker.</summary>
    public bool NeedsWorker { get; init; }

    /// <summary>The counter of the task that one use of the strategy adds to.</summary>
    public StrategyCounter Counter { get; init; }

    /// <summary>What the queue did with the task, for outcomes and histories.</summary>
    public string QueuedAs { get; init; } = "";

    /// <summary>The delay before the task may be leased again, without jitter; by default none.</summary>
    internal Func<Choice, TaskPast, PolicySettings, TimeSpan> Delay { get; init; } = (_, _, _) => TimeSpan.Zero;

    /// <summary>The evidence for and against the strategy in one case, for the confidence.</summary>
    internal Func<FailureCase, CaseEvidence> Evidence { get; }

    /// <summary>
    /// Why the strategy was not chosen, unless the type of failure has a reason of its own. Null leaves it out of the explanation.
    /// </summary>
    internal Func<Rejection, string?> WhyNot { get; init; } = _ => null;

    /// <summary>Why the strategy was not chosen when the task is parked; null leaves it out of the explanation.</summary>
    internal string? WhyNotInsteadOfParking { get; init; }
}

/// <summary>The counters of a task that strategies add to. Delays and limits read them.</summary>
public enum StrategyCounter
{
    /// <summary>The strategy is not counted.</summary>
    None,

    /// <summary>Retries in a row on one worker, by type of failure.</summary>
    SameWorkerRetries,

    /// <summary>Reassignments within a queue.</summary>
    Reassignments,

    /// <summary>Rungs of the quality ladder.</summary>
    QualityRungs,
}
