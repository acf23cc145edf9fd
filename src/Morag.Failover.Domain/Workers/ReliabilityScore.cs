using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// The exact record of a worker's work. Rates and means are computed when they are shown, from counts that are never rounded.
/// </summary>
public sealed record ReliabilityScore
{
    /// <summary>How many failures, losses' failures included, are known again when they come again.</summary>
    public const int FailuresRemembered = 4_096;

    /// <summary>How many losses are known again.</summary>
    public const int LossesRemembered = 256;

    /// <summary>How many named successes are known again.</summary>
    public const int SuccessesRemembered = 4_096;

    /// <summary>How many failures of the present run can still be excused one by one; at least the highest breaker threshold.</summary>
    public const int RunRemembered = 1_024;

    /// <summary>Nothing known.</summary>
    public static readonly ReliabilityScore Empty = new();

    /// <summary>Successes, ever.</summary>
    public long Successes { get; init; }

    /// <summary>How long the successes took, together.</summary>
    public TimeSpan SuccessDuration { get; init; }

    /// <summary>Failures, ever.</summary>
    public long Failures { get; init; }

    /// <summary>When it last failed.</summary>
    public DateTimeOffset? LastFailure { get; init; }

    /// <summary>The failures since the last success, oldest first; a loss is one, whatever it took with it.</summary>
    public ImmutableList<FailureId> Run { get; init; } = [];

    /// <summary>Failures of the run that are older than <see cref="Run"/> remembers.</summary>
    public int OlderRun { get; init; }

    /// <summary>Failures taken, with the loss each was part of.</summary>
    public RememberedIds<FailureId, LossId?> RecentFailures { get; init; } = new(FailuresRemembered);

    /// <summary>Losses taken, with the failure that stands for each in the run.</summary>
    public RememberedIds<LossId, FailureId> RecentLosses { get; init; } = new(LossesRemembered);

    /// <summary>Names of reported successes.</summary>
    public RememberedIds<string, bool> RecentSuccesses { get; init; } = new(SuccessesRemembered);

    /// <summary>Failures since the last success.</summary>
    public int ConsecutiveFailures => OlderRun + Run.Count;

    /// <summary>Successes and failures.</summary>
    public long Total => Successes + Failures;

    /// <summary>Successes over total; 1 while nothing is known.</summary>
    public double SuccessRate => Total == 0 ? 1 : (double)Successes / Total;

    /// <summary>Mean seconds of a success; 0 while there is none.</summary>
    public double AverageResponseTime => Successes == 0 ? 0 : SuccessDuration.TotalSeconds / Successes;

    /// <summary>Whether a failure with this loss still counts.</summary>
    public bool Counts(LossId? loss) => loss is not { } lost || !RecentLosses.Contains(lost);

    /// <summary>With a failure that was not taken before.</summary>
    public ReliabilityScore WithFailure(FailureId failure, LossId? loss, DateTimeOffset occurredAt, bool counts)
    {
        var remembered = this with { RecentFailures = RecentFailures.Add(failure, loss) };
        if (!counts)
        {
            return remembered;
        }

        var full = Run.Count >= RunRemembered;
        return remembered with
        {
            Failures = Failures + 1,
            LastFailure = LastFailure is { } last && last > occurredAt ? last : occurredAt,
            Run = (full ? Run.RemoveAt(0) : Run).Add(failure),
            OlderRun = full ? OlderRun + 1 : OlderRun,
            RecentLosses = loss is { } lost ? RecentLosses.Add(lost, failure) : RecentLosses,
        };
    }

    /// <summary>With successes, which end the run of failures.</summary>
    public ReliabilityScore WithSuccesses(int count, TimeSpan duration) => count == 0 ? this : Cleared() with
    {
        Successes = Successes + count,
        SuccessDuration = SuccessDuration + duration,
    };

    /// <summary>With the run of failures ended.</summary>
    public ReliabilityScore Cleared() => Run.IsEmpty && OlderRun == 0 ? this : this with { Run = [], OlderRun = 0 };

    /// <summary>
    /// Without these failures in the run. A failure that was part of a loss takes the loss off, since the loss was one failure.
    /// </summary>
    public ReliabilityScore Excusing(ImmutableArray<FailureId> failures)
    {
        var run = Run;
        foreach (var failure in failures)
        {
            run = run.Remove(StandsInRunAs(failure));
        }

        return run.Count == Run.Count ? this : this with { Run = run };
    }

    /// <summary>The score as it is shown.</summary>
    public WorkerReliabilityScore Shown(WorkerId worker, WorkerBreaker breaker) => new()
    {
        WorkerId = worker,
        SuccessRate = SuccessRate,
        AverageResponseTime = AverageResponseTime,
        FailureCount = Failures,
        TotalTasks = Total,
        LastFailure = LastFailure,
        ConsecutiveFailures = ConsecutiveFailures,
        CircuitBreakerActive = breaker.State == BreakerState.Open,
        CircuitBreakerUntil = breaker.Until,
        BreakerState = breaker.State,
        BreakerReason = breaker.Reason,
    };

    private FailureId StandsInRunAs(FailureId failure) =>
        RecentFailures.TryGet(failure, out var loss) && loss is { } lost && RecentLosses.TryGet(lost, out var stands) ? stands : failure;
}
