using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Domain.Failover;

/// <summary>The base rule: which strategy answers which failure before any guard looks at it. The first row that fits chooses.</summary>
internal static class BaseRule
{
    private static readonly ImmutableArray<Row> Rows =
    [
        new("unserved", null, (f, _) => f.Unserved, FallbackQueue, "no available worker could take the task from its queue for too long"),
        new("worker_offline.breaker_open", WorkerOffline, (f, _) => f.BreakerOpen, FallbackQueue, "the worker is offline and its breaker is open"),
        new("worker_offline", WorkerOffline, Always, ReassignSameQueue, "the worker is offline: another one takes the task"),
        new("task_timeout.breaker", TaskTimeout, (f, s) => f.Failure.WorkerId is not null && f.ConsecutiveFailures >= s.BreakerOnTimeoutFrom, CircuitBreaker, "a timeout of a worker that keeps failing opens its breaker, and another worker takes the task"),
        new("task_timeout.retry", TaskTimeout, (f, _) => f.Failure.WorkerId is not null, RetrySameWorker, "a timeout may be a passing slowness: the same worker tries again") { FirstDelay = s => s.TimeoutRetryDelay, MaxRetries = s => s.TimeoutMaxRetries },
        new("task_timeout.no_worker", TaskTimeout, Always, ReassignSameQueue, "a timeout without a worker to retry on"),
        new("network_failure", NetworkFailure, Always, RetrySameWorker, "most network failures pass: the same worker tries again") { FirstDelay = s => s.NetworkRetryDelay, MaxRetries = s => s.NetworkMaxRetries },
        new("resource_exhaustion.degrade", ResourceExhaustion, (_, s) => s.QualityDegradation, DegradeQuality, "the task needs more than the machine has: lower quality needs less"),
        new("resource_exhaustion.fallback", ResourceExhaustion, Always, FallbackQueue, "the task needs more than the machine has, and quality degradation is off"),
        new("worker_overloaded", WorkerOverloaded, Always, ReassignSameQueue, "the worker has no room: another one takes the task"),
        new("processing_error", ProcessingError, Always, ReassignSameQueue, "another worker shows whether the error is the worker's or the task's"),
        new("authentication_failure", AuthenticationFailure, Always, ReassignSameQueue, "the worker's credential was refused: another one takes the task"),
    ];

    /// <summary>The row that chooses for a case, by name, with its choice.</summary>
    public static (string Rule, Choice Choice) For(FailureCase failure, PolicySettings settings)
    {
        foreach (var row in Rows)
        {
            if ((row.Type is null || row.Type == failure.Type) && row.When(failure, settings))
            {
                return (row.Name, new Choice
                {
                    Strategy = row.Strategy,
                    Because = row.Because,
                    FirstDelay = row.FirstDelay(settings),
                    MaxRetries = row.MaxRetries(settings),
                });
            }
        }

        throw new ArgumentOutOfRangeException(nameof(failure), failure.Type, "no row of the base rule fits this kind of failure");
    }

    private static bool Always(FailureCase failure, PolicySettings settings) => true;

    private sealed record Row(
        string Name,
        FailureType? Type,
        Func<FailureCase, PolicySettings, bool> When,
        FailoverStrategy Strategy,
        string Because)
    {
        public Func<PolicySettings, TimeSpan> FirstDelay { get; init; } = _ => TimeSpan.Zero;

        public Func<PolicySettings, int?> MaxRetries { get; init; } = _ => null;
    }
}
