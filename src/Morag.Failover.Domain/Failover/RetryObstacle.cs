using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>What keeps a worker from taking a retry. One that was never registered is unknown, not gone: nothing does.</summary>
public static class RetryObstacle
{
    /// <summary>Why the worker may not take work, in words; null where it may.</summary>
    public static string? Of(WorkerStanding worker) => worker switch
    {
        { Score.CircuitBreakerActive: true } => "its breaker is open",
        { Unregistered: true } => "it is unregistered",
        { Registered: true, Liveness: Liveness.Offline } => "it is offline",
        { Registered: true, Draining: true } => "it is draining",
        _ => null,
    };
}
