using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// What is known of a task from before its failure: told by the queue that holds it, or, for a task that is held elsewhere,
/// remembered from earlier reports about it.
/// </summary>
public sealed record TaskPast
{
    /// <summary>The most earlier failures that are looked at, as the queues keep them too.</summary>
    public const int HistoryLength = 50;

    /// <summary>What the queue that holds the task told; null for a task that no queue here holds.</summary>
    public TaskFacts? Facts { get; init; }

    /// <summary>The queue it was leased from.</summary>
    public QueueName? Queue => Facts?.Queue;

    /// <summary>The failures of its own that it may have; one more parks it.</summary>
    public int MaxRetries { get; init; }

    /// <summary>Failures of its own so far.</summary>
    public int OwnFailures { get; init; }

    /// <summary>Failures of workers and networks so far.</summary>
    public int FleetFailures { get; init; }

    /// <summary>Retries on the same worker in a row, for the kind of failure that is being decided.</summary>
    public int SameWorkerRetries { get; init; }

    /// <summary>Reassignments so far.</summary>
    public int Reassignments { get; init; }

    /// <summary>Rungs of the quality ladder climbed so far.</summary>
    public int QualityRung { get; init; }

    /// <summary>Earlier failures, oldest first, at most <see cref="HistoryLength"/>.</summary>
    public ImmutableArray<TaskFailure> History { get; init; } = [];

    /// <summary>The content type, where it is known.</summary>
    public string? ContentType => Facts?.ContentType;

    /// <summary>What it needs of a machine.</summary>
    public ResourceRequirements Needs => Facts?.ResourceRequirements ?? ResourceRequirements.None;

    /// <summary>Whether a queue here holds it, so that a decision can be carried out here.</summary>
    public bool HeldHere => Facts is not null;

    /// <summary>What the queue that holds the task tells of it.</summary>
    public static TaskPast Told(TaskFacts facts) => new()
    {
        Facts = facts,
        MaxRetries = facts.MaxRetries,
        OwnFailures = facts.OwnFailures,
        FleetFailures = facts.FleetFailures,
        SameWorkerRetries = facts.SameWorkerRetries,
        Reassignments = facts.Reassignments,
        QualityRung = facts.QualityRung,
        History = facts.History.IsDefault ? [] : facts.History,
    };

    /// <summary>What <paramref name="earlier"/> failures of a task that is held elsewhere (oldest first) tell about its next one.</summary>
    public static TaskPast Remembered(
        ImmutableArray<TaskFailure> earlier, FailureType type, WorkerId? worker, PolicySettings settings) => new()
        {
            MaxRetries = settings.MaxRetries,
            OwnFailures = earlier.Count(failure => FailureTypes.Of(failure.FailureType).IsTaskFault),
            FleetFailures = earlier.Count(failure => !FailureTypes.Of(failure.FailureType).IsTaskFault && !failure.ExcludedFromBudgets),
            SameWorkerRetries = earlier.Reverse()
                .TakeWhile(failure => failure.WorkerId == worker && Uses(failure, StrategyCounter.SameWorkerRetries))
                .Count(failure => failure.FailureType == type),
            Reassignments = earlier.Count(failure => Uses(failure, StrategyCounter.Reassignments)),
            QualityRung = earlier.Count(failure => Uses(failure, StrategyCounter.QualityRungs)),
            History = earlier,
        };

    private static bool Uses(TaskFailure failure, StrategyCounter counter) => FailoverStrategies.Of(failure.Strategy).Counter == counter;
}
