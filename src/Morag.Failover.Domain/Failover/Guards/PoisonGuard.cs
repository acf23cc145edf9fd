using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>
/// A task that fails on every worker, or takes its workers down, is itself the cause: it is parked with the evidence, and its
/// failures are excused on those workers, so that one bad document does not close down a fleet.
/// </summary>
internal sealed class PoisonGuard : IGuard
{
    public string Name => "poison";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        var policy = settings.Policy;
        if (failure.Unserved || Threshold(failure.Type, policy) is not { } threshold)
        {
            return Verdict.Stands(choice);
        }

        var massLoss = failure.Type == FailureType.WorkerOffline ? new MassLoss(failure, policy) : null;
        var witnesses = WithThisOne(failure)
            .Where(each => each.FailureType == failure.Type && each.WorkerId is not null && !each.SaysNothingOfTask)
            .Where(each => massLoss is null || !massLoss.Includes(each.WorkerId!.Value, each.At))
            .GroupBy(each => each.WorkerId!.Value)
            .ToList();

        // A loss that says nothing of the task convicts it neither, whatever happened before.
        if (witnesses.Count < threshold || witnesses.All(worker => worker.Key != failure.Failure.WorkerId))
        {
            return Verdict.Stands(choice);
        }

        var what = failure.Type == FailureType.ProcessingError ? "failed on" : "was running when we lost";
        var evidence = string.Join(", ", witnesses.Select(worker => $"{worker.Key} ({worker.Min(each => each.At.UtcDateTime):yyyy-MM-ddTHH:mm:ssZ})"));
        return Verdict.Overrules(
            FailoverStrategy.ManualIntervention,
            $"the task {what} {witnesses.Count} different workers, from {threshold} it counts as poison: {evidence}") with
        {
            Excuses = [.. witnesses.Select(worker => Excuse(failure, worker.Key))],
        };
    }

    private static int? Threshold(FailureType type, PolicySettings policy) => type switch
    {
        FailureType.ProcessingError => policy.PoisonProcessingWorkers,
        FailureType.WorkerOffline => policy.PoisonLostWorkers,
        _ => null,
    };

    private static IEnumerable<TaskFailure> WithThisOne(FailureCase failure) => failure.Task.History.Append(new TaskFailure
    {
        FailureId = failure.FailureId,
        FailureType = failure.Type,
        WorkerId = failure.Failure.WorkerId,
        At = failure.Failure.OccurredAt,
        SaysNothingOfTask = failure.Planned,
    });

    private static ExcuseFailures Excuse(FailureCase failure, WorkerId worker) => new()
    {
        WorkerId = worker,
        TaskId = failure.Failure.TaskId,
        Failures = [.. WithThisOne(failure).Where(each => each.WorkerId == worker).Select(each => each.FailureId)],
    };
}
