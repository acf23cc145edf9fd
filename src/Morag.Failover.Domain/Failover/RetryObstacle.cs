using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Failover;

/// <summary>What keeps a worker from taking a retry. A worker that was never registered may take it: it is unknown, not gone.</summary>
public static class RetryObstacle
{
    /// <summary>Why the worker cannot take work; null when it can.</summary>
    public static string? Of(WorkerStanding worker) => worker switch
    {
        { Score.CircuitBreakerActive: true } => "its breaker is open",
        { Unregistered: true } => "it is unregistered",
        { Registered: true, Liveness: Liveness.Offline } => "it is offline",
        { Registered: true, Draining: true } => "it is draining",
        _ => null,
    };
}
