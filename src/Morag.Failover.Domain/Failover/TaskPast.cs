using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// What is known about a task from before its failure. It comes from the queue that holds the task, or from earlier reports if no queue
/// holds it.
/// </summary>
public sealed record TaskPast
{
    /// <summary>The most earlier failures that are considered. The queues keep as many.</summary>
    public const int HistoryLength = 50;

    /// <summary>The facts from the queue; null for a task that no queue holds.</summary>
    public TaskFacts? Facts { get; init; }

    /// <summary>The queue that the task was leased from.</summary>
    public QueueName? Queue => Facts?.Queue;

    /// <summary>The task failures after which one more parks the task.</summary>
    public int MaxRetries { get; init; }

    /// <summary>Task failures so far.</summary>
    public int OwnFailures { get; init; }

    /// <summary>Worker and network failures so far.</summary>
    public int FleetFailures { get; init; }

    /// <summary>Retries in a row on the same worker after the type of failure that is being decided.</summary>
    public int SameWorkerRetries { get; init; }

    /// <summary>Reassignments so far.</summary>
    public int Reassignments { get; init; }

    /// <summary>The number of quality rungs used so far.</summary>
    public int QualityRung { get; init; }

    /// <summary>Earlier failures, oldest first, at most <see cref="HistoryLength"/>.</summary>
    public ImmutableArray<TaskFailure> History { get; init; } = [];

    /// <summary>The content type, if it is known.</summary>
    public string? ContentType => Facts?.ContentType;

    /// <summary>The resources that the task needs.</summary>
    public ResourceRequirements Needs => Facts?.ResourceRequirements ?? ResourceRequirements.None;

    /// <summary>Whether a queue holds the task, so that a decision can be carried out.</summary>
    public bool HeldHere => Facts is not null;

    /// <summary>The past of a task that a queue holds.</summary>
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

    /// <summary>The past of a task that no queue holds, from <paramref name="earlier"/> reported failures, oldest first.</summary>
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
