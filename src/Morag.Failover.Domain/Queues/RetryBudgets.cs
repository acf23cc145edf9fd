using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>Charges failures to the retry budgets of a task.</summary>
internal static class RetryBudgets
{
    /// <summary>Ends a series of retries on one worker when another worker leases the task.</summary>
    public static TaskBudgets EndSeriesElsewhere(TaskBudgets budgets, WorkerId worker) =>
        budgets.RetriedOn is { } retriedOn && retriedOn != worker ? budgets with { RetriedOn = null, Retries = [] } : budgets;

    /// <summary>How many retries the current series has had after this type of failure.</summary>
    public static int RetriesOf(TaskBudgets budgets, FailureType type)
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

    /// <summary>Charges a decided failure to the budgets.</summary>
    public static TaskBudgets Charge(TaskBudgets budgets, PendingFailure failure, TaskReassigned decision)
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
                Retries = AddRetry(used.RetriedOn == decision.PinnedTo ? used.Retries : [], failure.FailureType),
            },
            StrategyCounter.Reassignments => used with { Reassignments = used.Reassignments + 1 },
            StrategyCounter.QualityRungs => used with { QualityRung = decision.QualityRung },
            _ => throw new ArgumentOutOfRangeException(nameof(decision), counter, "Unknown counter."),
        };
    }

    /// <summary>
    /// Marks failures as their workers' fault and moves them from the task's budget to the fleet's. Forgiven failures are in neither.
    /// </summary>
    public static TaskRecord BlameWorkers(TaskRecord task, ImmutableArray<FailureId> workersFault) =>
        Recharge(task, workersFault, areWorkersFault: true);

    /// <summary>Counts failures that were blamed on their workers against the task after all.</summary>
    public static TaskRecord ClearWorkers(TaskRecord task, ImmutableArray<FailureId> cleared) =>
        Recharge(task, cleared, areWorkersFault: false);

    private static TaskRecord Recharge(TaskRecord task, ImmutableArray<FailureId> which, bool areWorkersFault)
    {
        var (failures, moved) = (task.Failures, 0);
        for (var index = task.Forgiven; index < failures.Length; index++)
        {
            var failure = failures[index];
            if (failure.WorkersFault != areWorkersFault
                && FailureTypes.Of(failure.FailureType).IsTaskFault
                && which.Contains(failure.FailureId))
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

    private static ImmutableArray<RetryCount> AddRetry(ImmutableArray<RetryCount> retries, FailureType type)
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
