using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>Nothing is tried for ever: the task's own failures, those of the fleet, and retries on one worker each have a budget.</summary>
internal sealed class BudgetGuard : IGuard
{
    public string Name => "budget";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        var task = failure.Task;
        var nowWorkers = failure.EarlierWorkersFault - failure.EarlierCleared;
        var ownFailures = Math.Max(0, task.OwnFailures - nowWorkers);
        var fleetFailures = Math.Max(0, task.FleetFailures + nowWorkers);
        if (failure.CountsAgainstTask && ownFailures + 1 > task.MaxRetries)
        {
            return Verdict.Overrules(
                FailoverStrategy.ManualIntervention,
                $"this is failure {ownFailures + 1} of the task's own, and its budget is {task.MaxRetries}");
        }

        var countsAgainstFleet = !failure.CountsAgainstTask && !failure.Planned && !failure.Unserved;
        if (countsAgainstFleet && fleetFailures + 1 > settings.Policy.MaxFleetFailures)
        {
            return Verdict.Overrules(
                FailoverStrategy.ManualIntervention,
                $"this is failure {fleetFailures + 1} of workers and networks under the task, and their budget is {settings.Policy.MaxFleetFailures}");
        }

        return choice is { Strategy: FailoverStrategy.RetrySameWorker, MaxRetries: { } allowed } && task.SameWorkerRetries + 1 > allowed
            ? Verdict.Overrules(
                FailoverStrategy.ReassignSameQueue,
                $"this would be retry {task.SameWorkerRetries + 1} in a row on {failure.WorkerName}, and {allowed} are allowed")
            : Verdict.Stands(choice);
    }
}
