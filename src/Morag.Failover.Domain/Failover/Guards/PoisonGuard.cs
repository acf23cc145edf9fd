using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>
/// A task that fails on workers which succeed at other work, or takes its workers down, is itself the cause: it is parked with the
/// evidence, and its failures are excused on those workers, so that one bad document does not close down a fleet. A worker that fails
/// everything it is given is no witness: neither does it convict a task, nor are its failures excused.
/// </summary>
internal sealed class PoisonGuard : IGuard
{
    public string Name => "poison";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings) => failure switch
    {
        { Unserved: true } => Verdict.Stands(choice),
        { Type: FailureType.ProcessingError } => OfErrors(failure, choice, settings.Policy),
        { Type: FailureType.WorkerOffline } => OfLosses(failure, choice, settings.Policy),
        _ => Verdict.Stands(choice),
    };

    private static Verdict OfErrors(FailureCase failure, Choice choice, PolicySettings policy)
    {
        if (!Witnesses.Convict(failure.Witnesses, policy))
        {
            return Verdict.Stands(choice);
        }

        var convicting = failure.Witnesses.Where(witness => witness.Verdict != WitnessVerdict.Suspect && witness.ProcessingErrors > 0).ToList();
        var chance = Witnesses.ChanceOfGoodTask(failure.Witnesses).ToString("0.#%", CultureInfo.InvariantCulture);
        return Verdict.Overrules(
            FailoverStrategy.ManualIntervention,
            $"the task failed on {Counted.Of(convicting.Count, "different worker")}; a good task would do so with a chance of {chance}: "
            + string.Join(", ", convicting.Select(Witnesses.InWords))) with
        {
            Excuses = [.. convicting.Select(witness => Excuse(failure, witness.WorkerId))],
        };
    }

    private static Verdict OfLosses(FailureCase failure, Choice choice, PolicySettings policy)
    {
        var massLoss = new MassLoss(failure, policy);
        var witnesses = WithThisOne(failure)
            .Where(each => each is { FailureType: FailureType.WorkerOffline, WorkerId: not null, SaysNothingOfTask: false })
            .Where(each => !massLoss.Includes(each.WorkerId!.Value, each.At))
            .GroupBy(each => each.WorkerId!.Value)
            .ToList();

        // A loss that says nothing of the task convicts it neither, whatever happened before.
        if (witnesses.Count < policy.PoisonLostWorkers || witnesses.All(worker => worker.Key != failure.Failure.WorkerId))
        {
            return Verdict.Stands(choice);
        }

        var evidence = string.Join(", ", witnesses.Select(worker => $"{worker.Key} ({worker.Min(each => each.At.UtcDateTime):yyyy-MM-ddTHH:mm:ssZ})"));
        return Verdict.Overrules(
            FailoverStrategy.ManualIntervention,
            $"the task was running when we lost {Counted.Of(witnesses.Count, "different worker")}, from {policy.PoisonLostWorkers} it counts as poison: {evidence}") with
        {
            Excuses = [.. witnesses.Select(worker => Excuse(failure, worker.Key))],
        };
    }

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
