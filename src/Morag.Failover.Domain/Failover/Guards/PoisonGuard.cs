using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>
/// Parks poison tasks. A task that fails on workers that complete other tasks, or takes its workers down, is itself the cause: it is parked
/// with the evidence, and its failures are excused on those workers, so that one bad document does not shut down a fleet. A worker that
/// fails every task is no evidence against a task, and its failures are not excused.
/// </summary>
internal sealed class PoisonGuard : IGuard
{
    public string Name => "poison";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        var evidence = failure.Unserved ? PoisonEvidence.None : FailureTypes.Of(failure.Type).Poison;
        return evidence switch
        {
            PoisonEvidence.None => Verdict.Stands(choice),
            PoisonEvidence.ProcessingError => OfErrors(failure, choice, settings.Policy),
            PoisonEvidence.WorkerLoss => OfLosses(failure, choice, settings.Policy),
            _ => throw new ArgumentOutOfRangeException(nameof(failure), evidence, "the poison guard does not know this kind of evidence"),
        };
    }

    private static Verdict OfErrors(FailureCase failure, Choice choice, PolicySettings policy)
    {
        if (!Witnesses.Convict(failure.Witnesses, policy))
        {
            return Verdict.Stands(choice);
        }

        var convicting = failure.Witnesses
            .Where(witness => witness.Verdict != WitnessVerdict.Suspect && witness.ProcessingErrors > 0)
            .ToList();
        var chance = Witnesses.ChanceOfGoodTask(failure.Witnesses).ToString("0.#%", CultureInfo.InvariantCulture);
        return Verdict.Overrules(
            FailoverStrategy.ManualIntervention,
            $"the task failed on {Counted.Of(convicting.Count, "different worker")}, "
            + $"and the probability that a good task would is {chance}: "
            + string.Join(", ", convicting.Select(Witnesses.InWords))) with
        {
            Excuses = [.. convicting.Select(witness => Excuse(failure, witness.WorkerId))],
        };
    }

    private static Verdict OfLosses(FailureCase failure, Choice choice, PolicySettings policy)
    {
        var massLoss = new MassLoss(failure, policy);
        var witnesses = WithThisOne(failure)
            .Where(each => each is { WorkerId: not null, ExcludedFromBudgets: false })
            .Where(each => FailureTypes.Of(each.FailureType).Poison == PoisonEvidence.WorkerLoss)
            .Where(each => !massLoss.Includes(each.WorkerId!.Value, each.At))
            .GroupBy(each => each.WorkerId!.Value)
            .ToList();

        // A loss that is excluded from the budgets, such as one of a mass loss, must not park the task, whatever happened before it.
        if (witnesses.Count < policy.PoisonLostWorkers || witnesses.All(worker => worker.Key != failure.Failure.WorkerId))
        {
            return Verdict.Stands(choice);
        }

        var evidence = string.Join(
            ", ", witnesses.Select(worker => $"{worker.Key} ({worker.Min(each => each.At.UtcDateTime):yyyy-MM-ddTHH:mm:ssZ})"));
        return Verdict.Overrules(
            FailoverStrategy.ManualIntervention,
            $"the task was running on {Counted.Of(witnesses.Count, "different worker")} when they were lost "
            + $"(limit {policy.PoisonLostWorkers}): {evidence}") with
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
        ExcludedFromBudgets = failure.IsBlameless,
    });

    private static ExcuseFailures Excuse(FailureCase failure, WorkerId worker) => new()
    {
        WorkerId = worker,
        TaskId = failure.Failure.TaskId,
        Failures = [.. WithThisOne(failure).Where(each => each.WorkerId == worker).Select(each => each.FailureId)],
    };
}
