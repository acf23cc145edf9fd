using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Counts a worker's successes and failures. Rates and means are computed from the exact counts when they are displayed.
/// </summary>
public sealed record ReliabilityScore
{
    /// <summary>The number of failures remembered to recognise duplicates.</summary>
    public const int FailuresRemembered = 4_096;

    /// <summary>The number of losses remembered to recognise duplicates.</summary>
    public const int LossesRemembered = 256;

    /// <summary>The number of named successes remembered to recognise duplicates.</summary>
    public const int SuccessesRemembered = 4_096;

    /// <summary>The number of generated names of successes that are remembered: several calls of the largest size.</summary>
    public const int CallsRemembered = 4 * CallLimits.MaxEntries;

    /// <summary>The number of consecutive failures that can be excused individually; at least the highest breaker threshold.</summary>
    public const int RunRemembered = 1_024;

    /// <summary>The score of a worker without successes and failures.</summary>
    public static readonly ReliabilityScore Empty = new();

    /// <summary>Successes, ever.</summary>
    public long Successes { get; init; }

    /// <summary>How long the successes took, together.</summary>
    public TimeSpan SuccessDuration { get; init; }

    /// <summary>Failures, ever.</summary>
    public long Failures { get; init; }

    /// <summary>When it last failed.</summary>
    public DateTimeOffset? LastFailure { get; init; }

    /// <summary>The failures since the last success, oldest first. A loss counts as one failure, however many tasks it affects.</summary>
    public ImmutableList<FailureId> Run { get; init; } = [];

    /// <summary>The number of older failures of the run, which are no longer in <see cref="Run"/>.</summary>
    public int OlderRun { get; init; }

    /// <summary>The recorded failures, with the loss that each is part of.</summary>
    public RememberedIds<FailureId, LossId?> RecentFailures { get; init; } = new(FailuresRemembered);

    /// <summary>The recorded losses, with the failure that represents each in the run.</summary>
    public RememberedIds<LossId, FailureId> RecentLosses { get; init; } = new(LossesRemembered);

    /// <summary>Names of reported successes to which their reporters gave an id.</summary>
    public RememberedIds<string, bool> RecentSuccesses { get; init; } = new(SuccessesRemembered);

    /// <summary>
    /// Names of reported successes without an id of the reporter. A gateway generates one for each call, and repeats the call within
    /// seconds or never, so few are remembered, and apart from the others: they must not push out names that reporters use again later.
    /// </summary>
    public RememberedIds<string, bool> RecentCalls { get; init; } = new(CallsRemembered);

    /// <summary>Failures since the last success.</summary>
    public int ConsecutiveFailures => OlderRun + Run.Count;

    /// <summary>Successes and failures.</summary>
    public long Total => Successes + Failures;

    /// <summary>Successes divided by total; 1 if there are none.</summary>
    public double SuccessRate => Total == 0 ? 1 : (double)Successes / Total;

    /// <summary>The mean duration of a success in seconds; 0 if there is none.</summary>
    public double AverageResponseTime => Successes == 0 ? 0 : SuccessDuration.TotalSeconds / Successes;

    /// <summary>Whether a success with this name has been counted.</summary>
    public bool Remembers(SuccessName name) => MemoryOf(name).Contains(name.Text);

    /// <summary>Remembers the name of a success.</summary>
    public ReliabilityScore Remember(SuccessName name) => name.IsGenerated
        ? this with { RecentCalls = RecentCalls.Add(name.Text, true) }
        : this with { RecentSuccesses = RecentSuccesses.Add(name.Text, true) };

    /// <summary>Whether a failure counts: not if its loss has been counted.</summary>
    public bool Counts(LossId? loss) => loss is not { } lost || !RecentLosses.Contains(lost);

    private RememberedIds<string, bool> MemoryOf(SuccessName name) => name.IsGenerated ? RecentCalls : RecentSuccesses;

    /// <summary>Adds a failure that is not recorded yet.</summary>
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

    /// <summary>Adds successes, which end the run of failures.</summary>
    public ReliabilityScore WithSuccesses(int count, TimeSpan duration) => count == 0 ? this : Cleared() with
    {
        Successes = Successes + count,
        SuccessDuration = SuccessDuration + duration,
    };

    /// <summary>Ends the run of failures.</summary>
    public ReliabilityScore Cleared() => Run.IsEmpty && OlderRun == 0 ? this : this with { Run = [], OlderRun = 0 };

    /// <summary>
    /// Removes these failures from the run. For a failure that is part of a loss, it removes the loss.
    /// </summary>
    public ReliabilityScore Excuse(ImmutableArray<FailureId> failures)
    {
        var run = Run;
        foreach (var failure in failures)
        {
            run = run.Remove(StandsInRunAs(failure));
        }

        return run.Count == Run.Count ? this : this with { Run = run };
    }

    /// <summary>The score for display.</summary>
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
