namespace Morag.Failover.Contracts.Failover;

/// <summary>What failed.</summary>
public enum FailureType
{
    /// <summary>The worker is gone.</summary>
    WorkerOffline,

    /// <summary>The worker has no room.</summary>
    WorkerOverloaded,

    /// <summary>The way to the worker is broken.</summary>
    NetworkFailure,

    /// <summary>The task ran over its lease.</summary>
    TaskTimeout,

    /// <summary>The task's processing failed.</summary>
    ProcessingError,

    /// <summary>Memory, GPU memory or disk ran out.</summary>
    ResourceExhaustion,

    /// <summary>A credential was refused.</summary>
    AuthenticationFailure,
}
