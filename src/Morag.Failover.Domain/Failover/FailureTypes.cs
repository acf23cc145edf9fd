using Morag.Failover.Contracts.Failover;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// What each type of failure means: whose fault it is, which budget it uses, what it is evidence of, and which strategy answers it. The
/// queues, the workers' records, the policy and the guards read it here, so a new type needs a row here and nothing else in the domain.
/// </summary>
public static class FailureTypes
{
    private static readonly FailureTypeTraits[] Rows = ByValue(
        new FailureTypeTraits(FailureType.WorkerOffline)
        {
            Poison = PoisonEvidence.WorkerLoss,
            BaseRules =
            [
                new(
                    "worker_offline.breaker_open",
                    FallbackQueue,
                    "the worker is offline and its breaker is open, so the task moves to the next queue")
                {
                    When = (failure, _) => failure.BreakerOpen,
                },
                new("worker_offline", ReassignSameQueue, "the worker is offline, so another worker takes the task"),
            ],
            WhyNot = new() { [RetrySameWorker] = rejected => $"{rejected.Failure.WorkerName} is offline and may not come back" },
        },
        new FailureTypeTraits(FailureType.WorkerOverloaded)
        {
            CountsInWorkerRecord = true,
            BaseRules = [new("worker_overloaded", ReassignSameQueue, "the worker has no free capacity, so another worker takes the task")],
            WhyNot = new()
            {
                [RetrySameWorker] = rejected => $"{rejected.Failure.WorkerName} has no free capacity for a retry either",
                [CircuitBreaker] = OpensByItself,
            },
        },
        new FailureTypeTraits(FailureType.NetworkFailure)
        {
            BaseRules =
            [
                new("network_failure", RetrySameWorker, "most network failures are temporary, so the same worker retries the task")
                {
                    FirstDelay = settings => settings.NetworkRetryDelay,
                    MaxRetries = settings => settings.NetworkMaxRetries,
                },
            ],
        },
        new FailureTypeTraits(FailureType.TaskTimeout)
        {
            IsTaskFault = true,
            CountsInWorkerRecord = true,
            BaseRules =
            [
                new(
                    "task_timeout.breaker",
                    CircuitBreaker,
                    "the worker keeps failing, so its breaker opens and another worker takes the task")
                {
                    When = (failure, settings) =>
                        failure.Failure.WorkerId is not null && failure.ConsecutiveFailures >= settings.BreakerOnTimeoutFrom,
                },
                new("task_timeout.retry", RetrySameWorker, "the timeout may be temporary, so the same worker retries the task")
                {
                    When = (failure, _) => failure.Failure.WorkerId is not null,
                    FirstDelay = settings => settings.TimeoutRetryDelay,
                    MaxRetries = settings => settings.TimeoutMaxRetries,
                },
                new(
                    "task_timeout.no_worker",
                    ReassignSameQueue,
                    "the report names no worker to retry on, so any worker of the queue takes the task"),
            ],
            WhyNot = new()
            {
                [DegradeQuality] = _ => "a timeout does not show that the quality settings are too demanding",
                [CircuitBreaker] = rejected =>
                    $"{Counted.Of(rejected.Failure.ConsecutiveFailures, "failure")} in a row on {rejected.Failure.WorkerName}, "
                    + $"and a timeout opens the breaker from {rejected.Settings.BreakerOnTimeoutFrom}",
            },
        },
        new FailureTypeTraits(FailureType.ProcessingError)
        {
            IsTaskFault = true,
            CountsInWorkerRecord = true,
            Poison = PoisonEvidence.ProcessingError,
            BaseRules =
            [
                new("processing_error", ReassignSameQueue, "a retry on another worker shows whether the task or the worker is at fault"),
            ],
            WhyNot = new()
            {
                [RetrySameWorker] = rejected =>
                    $"a retry on {rejected.Failure.WorkerName} would not show whether the task or the worker is at fault",
            },
        },
        new FailureTypeTraits(FailureType.ResourceExhaustion)
        {
            IsTaskFault = true,
            CountsInWorkerRecord = true,
            BaseRules =
            [
                new(
                    "resource_exhaustion.degrade",
                    DegradeQuality,
                    "the task needs more resources than the machine has, so it is retried at lower quality")
                {
                    When = (_, settings) => settings.QualityDegradation,
                },
                new(
                    "resource_exhaustion.fallback",
                    FallbackQueue,
                    "the task needs more resources than the machine has, so it moves to the next queue"),
            ],
            WhyNot = new()
            {
                [RetrySameWorker] = rejected => $"{rejected.Failure.WorkerName} would run out of resources again at the same quality",
                [ReassignSameQueue] = _ => "another machine of the same kind would run out of resources too",
                [FallbackQueue] = _ => "lower quality is tried before another queue",
                [DegradeQuality] = rejected => rejected.Settings.QualityDegradation ? null : "quality degradation is disabled",
            },
        },
        new FailureTypeTraits(FailureType.AuthenticationFailure)
        {
            CountsInWorkerRecord = true,
            BaseRules =
            [
                new("authentication_failure", ReassignSameQueue, "the worker's credential was rejected, so another worker takes the task"),
            ],
            WhyNot = new()
            {
                [RetrySameWorker] = rejected => $"the credential of {rejected.Failure.WorkerName} would be rejected again",
                [CircuitBreaker] = OpensByItself,
            },
        });

    /// <summary>Every row, in the order of the types' values.</summary>
    public static IReadOnlyList<FailureTypeTraits> All => Rows;

    /// <summary>The row of a type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The type has no row.</exception>
    public static FailureTypeTraits Of(FailureType type) => (uint)type < (uint)Rows.Length
        ? Rows[(int)type]
        : throw new ArgumentOutOfRangeException(nameof(type), type, "FailureTypes has no row for this type of failure");

    private static string OpensByItself(Rejection rejected) =>
        $"the breaker opens by itself if {rejected.Failure.WorkerName} keeps failing";

    private static FailureTypeTraits[] ByValue(params FailureTypeTraits[] rows) => [.. rows.OrderBy(row => row.Type)];
}
