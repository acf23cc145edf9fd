using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>The evidence for and against a strategy in one case, from which its confidence is computed.</summary>
/// <param name="For">Observations in favor of the strategy.</param>
/// <param name="Against">Observations against it.</param>
/// <param name="About">What was counted.</param>
internal readonly record struct CaseEvidence(long For, long Against, string About)
{
    /// <summary>How the worker that failed did at all its tasks.</summary>
    public static CaseEvidence OfWorkerOutcomes(FailureCase failure)
    {
        var score = failure.Worker?.Score;
        return new(
            (score?.TotalTasks ?? 0) - (score?.FailureCount ?? 0),
            score?.FailureCount ?? 0,
            "for: tasks that the worker completed; against: tasks that it failed");
    }

    /// <summary>Whether the worker keeps failing, or other workers failed the task the same way.</summary>
    public static CaseEvidence OfFailuresInARow(FailureCase failure) => new(
        failure.ConsecutiveFailures,
        failure.Task.History
            .Where(earlier => earlier.FailureType == failure.Type && earlier.WorkerId != failure.Failure.WorkerId)
            .Select(earlier => earlier.WorkerId)
            .Distinct()
            .LongCount(),
        "for: failures in a row of the worker; against: other workers on which the task failed the same way");

    /// <summary>Whether the task keeps failing the same way.</summary>
    public static CaseEvidence OfFailureTypes(FailureCase failure)
    {
        var history = failure.Task.History;
        var sameType = 1L + history.LongCount(earlier => earlier.FailureType == failure.Type);
        return new(
            sameType,
            history.Length + 1 - sameType,
            "for: failures of the task of this type; against: its failures of other types");
    }

    /// <summary>Whether the workers that failed the task complete other tasks.</summary>
    public static CaseEvidence OfWitnesses(FailureCase failure) => new(
        FailuresOn(failure.Witnesses, credible: true),
        FailuresOn(failure.Witnesses, credible: false),
        "for: failures of the task on workers that complete other tasks; against: its failures on other workers");

    /// <summary>A failure of the task itself calls for another kind of machine, any other failure for other workers.</summary>
    public static CaseEvidence ForFallback(FailureCase failure) =>
        failure.IsTaskFault ? OfFailureTypes(failure) : OfFailuresInARow(failure);

    /// <summary>What the witnesses did, or what the task did when there are no witnesses.</summary>
    public static CaseEvidence ForParking(FailureCase failure) =>
        failure.Witnesses.IsEmpty ? OfFailureTypes(failure) : OfWitnesses(failure);

    private static long FailuresOn(ImmutableArray<Witness> witnesses, bool credible) =>
        witnesses.Where(witness => witness.Verdict == WitnessVerdict.Credible == credible).Sum(witness => (long)witness.Failures.Length);
}
