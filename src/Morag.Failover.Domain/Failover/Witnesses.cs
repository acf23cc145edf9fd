using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// The workers on which a task failed with a failure that is presumed to be its fault. Their records make each of them evidence against the
/// task, against the worker, or neither. See docs/decisions.md.
/// </summary>
internal static class Witnesses
{
    /// <summary>A worker that would have failed a good task with at least this probability, and failed other tasks, is a suspect.</summary>
    public const double SuspectFrom = 0.4;

    /// <summary>The number of other tasks that a suspect must have failed. A single one may be a bad task as well.</summary>
    public const int SuspectFailsOthers = 2;

    /// <summary>A task is poison if a good one would fail on all its witnesses with at most this probability.</summary>
    public const double PoisonChance = 0.05;

    /// <summary>The weight of another failure on the same worker, which may just not suit the task.</summary>
    private const double RepeatedFailure = 0.25;

    /// <summary>The probability that is assumed for a worker without a record.</summary>
    private const double UnknownChance = 0.5;

    /// <summary>
    /// The witnesses of a case, in the order of their first failure of the task. A failure that was attributed to its worker counts again
    /// once the worker is credible: a worker that failed two bad tasks in a row looks broken until it completes others.
    /// </summary>
    public static ImmutableArray<Witness> Of(FailureCase failure)
    {
        if (!failure.IsTaskFault || failure.Failure.WorkerId is not { } worker)
        {
            return [];
        }

        var failures = failure.Task.History
            .Where(IsEvidence)
            .Select(earlier => (Worker: earlier.WorkerId!.Value, earlier.FailureId, earlier.FailureType))
            .Append((Worker: worker, failure.FailureId, FailureType: failure.Type));
        var blamed = Blamed(failure.Task.History);
        return
        [
            .. from each in failures
            where !blamed.Contains(each.FailureId) || IsCredible(each.Worker)
            group each by each.Worker into witness
            select Judged(
                new Witness
                {
                    WorkerId = witness.Key,
                    Failures = [.. witness.Select(each => each.FailureId)],
                    ProcessingErrors = witness.Count(each => FailureTypes.Of(each.FailureType).Poison == PoisonEvidence.ProcessingError),
                    ChanceOfFailingGoodTask = UnknownChance,
                },
                failure.Testimonies),
        ];

        bool IsCredible(WorkerId witness) =>
            On(witness, failure.Testimonies) is { } testimony && VerdictOf(testimony) == WitnessVerdict.Credible;
    }

    /// <summary>
    /// The witnesses of an earlier decision, judged by their current records. A witness whose record no longer holds the failure keeps its
    /// verdict.
    /// </summary>
    public static ImmutableArray<Witness> Again(ImmutableArray<Witness> witnesses, ImmutableArray<Testimony> testimonies) =>
        [.. witnesses.Select(witness => Judged(witness, [.. testimonies.Where(testimony => testimony.Remembers)]))];

    /// <summary>The workers, other than <paramref name="failing"/>, whose records are needed to decide a failure.</summary>
    public static IEnumerable<WorkerId> ToAsk(FailureType type, WorkerId failing, ImmutableArray<TaskFailure> history) =>
        !FailureTypes.Of(type).IsTaskFault ? [] : history
            .Where(IsEvidence)
            .Select(earlier => earlier.WorkerId!.Value)
            .Where(worker => worker != failing)
            .Distinct();

    /// <summary>Whether the processing errors on the witnesses, apart from suspects, prove that the task is poison.</summary>
    public static bool Convict(ImmutableArray<Witness> witnesses, PolicySettings policy)
    {
        var credible = witnesses.Where(witness => witness is { Verdict: WitnessVerdict.Credible, ProcessingErrors: > 0 }).ToList();
        var errors = credible.Sum(witness => witness.ProcessingErrors);
        return ChanceOfGoodTask(witnesses) <= PoisonChance
            && (credible.Count >= policy.PoisonProcessingWorkers || errors > policy.PoisonProcessingWorkers);
    }

    /// <summary>The probability that a good task would have failed on every witness as this one did. Suspects are left out.</summary>
    public static double ChanceOfGoodTask(ImmutableArray<Witness> witnesses) => witnesses
        .Where(witness => witness.Verdict != WitnessVerdict.Suspect && witness.ProcessingErrors > 0)
        .Aggregate(
            1.0,
            (chance, witness) => chance * witness.ChanceOfFailingGoodTask * Math.Pow(RepeatedFailure, witness.ProcessingErrors - 1));

    /// <summary>The failures that are attributed to their workers.</summary>
    public static ImmutableArray<FailureId> WorkersFault(ImmutableArray<Witness> witnesses) =>
        [.. witnesses.Where(witness => witness.Verdict == WitnessVerdict.Suspect).SelectMany(witness => witness.Failures)];

    /// <summary>The failures that were attributed to their workers, and that the witnesses now attribute to the task.</summary>
    public static ImmutableArray<FailureId> Cleared(ImmutableArray<Witness> witnesses, ImmutableArray<TaskFailure> history)
    {
        var blamed = Blamed(history);
        return
        [
            .. witnesses
                .Where(witness => witness.Verdict == WitnessVerdict.Credible)
                .SelectMany(witness => witness.Failures)
                .Where(blamed.Contains),
        ];
    }

    /// <summary>A witness, for operators.</summary>
    public static string InWords(Witness witness) => string.Create(
        CultureInfo.InvariantCulture,
        $"{witness.WorkerId} (recently completed {Counted.Of(witness.Succeeded, "other task")} and failed {witness.FailedOthers})");

    private static bool IsEvidence(TaskFailure failure) =>
        FailureTypes.Of(failure.FailureType).IsTaskFault && failure is { WorkerId: not null, ExcludedFromBudgets: false };

    private static HashSet<FailureId> Blamed(ImmutableArray<TaskFailure> history) =>
        [.. history.Where(failure => failure.WorkersFault).Select(failure => failure.FailureId)];

    private static Witness Judged(Witness witness, ImmutableArray<Testimony> testimonies) =>
        On(witness.WorkerId, testimonies) is not { } testimony
            ? witness
            : witness with
            {
                Succeeded = testimony.Succeeded,
                FailedOthers = testimony.FailedOthers,
                ChanceOfFailingGoodTask = testimony.ChanceOfFailingGoodTask,
                Verdict = VerdictOf(testimony),
            };

    private static Testimony? On(WorkerId worker, ImmutableArray<Testimony> testimonies) =>
        testimonies.LastOrDefault(testimony => testimony.WorkerId == worker);

    private static WitnessVerdict VerdictOf(Testimony testimony) =>
        testimony.ChanceOfFailingGoodTask >= SuspectFrom
            ? testimony.FailedOthers >= SuspectFailsOthers ? WitnessVerdict.Suspect : WitnessVerdict.Undetermined
            : testimony.Succeeded > 0 ? WitnessVerdict.Credible : WitnessVerdict.Undetermined;
}
