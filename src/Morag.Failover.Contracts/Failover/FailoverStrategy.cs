namespace Morag.Failover.Contracts.Failover;

/// <summary>What is done about a failure.</summary>
public enum FailoverStrategy
{
    /// <summary>The same worker tries again after a delay.</summary>
    RetrySameWorker,

    /// <summary>Another worker of the same queue takes it.</summary>
    ReassignSameQueue,

    /// <summary>It moves to the next queue of the chain.</summary>
    FallbackQueue,

    /// <summary>It is tried again with lower quality settings.</summary>
    DegradeQuality,

    /// <summary>The worker's breaker opens, and another worker takes the task.</summary>
    CircuitBreaker,

    /// <summary>It is parked until an operator decides.</summary>
    ManualIntervention,
}
