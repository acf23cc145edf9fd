namespace Morag.Failover.Contracts.Failover;

/// <summary>The type of a failure. The domain's FailureTypes says what each type means.</summary>
public enum FailureType
{
    /// <summary>The worker is offline.</summary>
    WorkerOffline = 0,

    /// <summary>The worker has no free capacity.</summary>
    WorkerOverloaded = 1,

    /// <summary>The worker cannot be reached.</summary>
    NetworkFailure = 2,

    /// <summary>The task ran longer than its lease.</summary>
    TaskTimeout = 3,

    /// <summary>The worker could not process the task.</summary>
    ProcessingError = 4,

    /// <summary>The worker ran out of memory, GPU memory or disk space.</summary>
    ResourceExhaustion = 5,

    /// <summary>The worker's credential was rejected.</summary>
    AuthenticationFailure = 6,
}
