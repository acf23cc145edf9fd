using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>What the failures of a task use up.</summary>
internal static class RetryBudgets
{
    /// <summary>A lease elsewhere ends the row of retries on one worker.</summary>
    public static TaskBudgets LeasedBy(TaskBudgets budgets, WorkerId worker) =>
        budgets.RetriedOn is { } retriedOn && retriedOn != worker ? budgets with { RetriedOn = null, Retries = [] } : budgets;

    /// <summary>The retries in the present row after this type of failure.</summary>
    public static int RetriesAfter(TaskBudgets budgets, FailureType type)
    {
        foreach (var retry in budgets.Retries)
        {
            if (retry.FailureType == type)
            {
                return retry.Count;
            }
        }

        return 0;
    }

    /// <summary>The budgets after a decision was carried out.</summary>
    public static TaskBudgets After(TaskBudgets budgets, PendingFailure failure, TaskReassigned decision)
    {
        var isOwn = FailureTypes.Of(failure.FailureType).IsTaskFault && !decision.WorkersFault.Contains(decision.FailureId);
        var used = failure.Unserved || decision.ExcludedFromBudgets
            ? budgets
            : budgets with
            {
                Failures = budgets.Failures + 1,
                OwnFailures = budgets.OwnFailures + (isOwn ? 1 : 0),
                FleetFailures = budgets.FleetFailures + (isOwn ? 0 : 1),
            };
        var counter = FailoverStrategies.Of(decision.Strategy).Counter;
        return counter switch
        {
            StrategyCounter.None => used,
            StrategyCounter.SameWorkerRetries => used with
            {
                RetriedOn = decision.PinnedTo,
                Retries = OneMore(used.RetriedOn == decision.PinnedTo ? used.Retries : [], failure.FailureType),
            },
            StrategyCounter.Reassignments => used with { Reassignments = used.Reassignments + 1 },
            StrategyCounter.QualityRungs => used with { QualityRung = decision.QualityRung },
            _ => throw new ArgumentOutOfRangeException(nameof(decision), counter, "a task has no such counter"),
        };
    }

    /// <summary>
    /// The task with failures of its own that turned out to be their workers' fault: they are marked, and move from its own budget to that of
    /// workers and networks. Those that an operator's requeue forgave are in neither.
    /// </summary>
    public static TaskRecord Blaming(TaskRecord task, ImmutableArray<FailureId> workersFault) => Moved(task, workersFault, areWorkersFault: true);

    /// <summary>The task with failures that had been blamed on their workers counted against the task after all.</summary>
    public static TaskRecord Clearing(TaskRecord task, ImmutableArray<FailureId> cleared) => Moved(task, cleared, areWorkersFault: false);

    private static TaskRecord Moved(TaskRecord task, ImmutableArray<FailureId> which, bool areWorkersFault)
    {
        var (failures, moved) = (task.Failures, 0);
        for (var index = task.Forgiven; index < failures.Length; index++)
        {
            var failure = failures[index];
            if (failure.WorkersFault != areWorkersFault && FailureTypes.Of(failure.FailureType).IsTaskFault && which.Contains(failure.FailureId))
            {
                failures = failures.SetItem(index, failure with { WorkersFault = areWorkersFault });
                moved += areWorkersFault ? 1 : -1;
            }
        }

        return task with
        {
            Failures = failures,
            Budgets = moved == 0 ? task.Budgets : task.Budgets with
            {
                OwnFailures = Math.Max(0, task.Budgets.OwnFailures - moved),
                FleetFailures = Math.Max(0, task.Budgets.FleetFailures + moved),
            },
        };
    }

    private static ImmutableArray<RetryCount> OneMore(ImmutableArray<RetryCount> retries, FailureType type)
    {
        var count = 1;
        foreach (var retry in retries)
        {
            if (retry.FailureType == type)
            {
                count += retry.Count;
            }
        }

        return retries.RemoveAll(retry => retry.FailureType == type).Add(new RetryCount { FailureType = type, Count = count });
    }
}
