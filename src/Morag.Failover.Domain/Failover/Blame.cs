using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Failover;

/// <summary>Whose failure a kind of failure is; each side has a budget of its own.</summary>
public static class Blame
{
    /// <summary>True for failures that are the task's, false for those of workers and networks.</summary>
    public static bool IsTasksOwn(FailureType type) => type switch
    {
        FailureType.ProcessingError or FailureType.TaskTimeout or FailureType.ResourceExhaustion => true,
        FailureType.WorkerOffline or FailureType.NetworkFailure or FailureType.WorkerOverloaded
            or FailureType.AuthenticationFailure => false,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "not a kind of failure"),
    };
}
