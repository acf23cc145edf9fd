using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>
/// Limits how often a task is retried: failures of the task, failures of workers and networks, and retries on one worker each have a
/// budget.
/// </summary>
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
                $"retry budget exhausted: this is task failure {ownFailures + 1}, and {task.MaxRetries} are allowed");
        }

        var countsAgainstFleet = !failure.CountsAgainstTask && !failure.IsBlameless && !failure.Unserved;
        if (countsAgainstFleet && fleetFailures + 1 > settings.Policy.MaxFleetFailures)
        {
            return Verdict.Overrules(
                FailoverStrategy.ManualIntervention,
                $"retry budget exhausted: this is worker or network failure {fleetFailures + 1} of the task, "
                + $"and {settings.Policy.MaxFleetFailures} are allowed");
        }

        return choice is { Traits.PinsToWorker: true, MaxRetries: { } allowed } && task.SameWorkerRetries + 1 > allowed
            ? Verdict.Overrules(
                FailoverStrategy.ReassignSameQueue,
                $"retries on {failure.WorkerName} exhausted: {task.SameWorkerRetries} of {allowed} in a row used")
            : Verdict.Stands(choice);
    }
}
