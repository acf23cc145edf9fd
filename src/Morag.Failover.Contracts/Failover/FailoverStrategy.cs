namespace Morag.Failover.Contracts.Failover;

/// <summary>How a failure is handled. The domain's FailoverStrategies says what each strategy means.</summary>
public enum FailoverStrategy
{
    /// <summary>The same worker retries the task after a delay.</summary>
    RetrySameWorker = 0,

    /// <summary>Another worker of the same queue takes the task.</summary>
    ReassignSameQueue = 1,

    /// <summary>The task moves to the next queue of its fallback chain.</summary>
    FallbackQueue = 2,

    /// <summary>The task is retried at lower quality.</summary>
    DegradeQuality = 3,

    /// <summary>The worker's breaker opens, and another worker takes the task.</summary>
    CircuitBreaker = 4,

    /// <summary>The task is parked until an operator decides.</summary>
    ManualIntervention = 5,
}
