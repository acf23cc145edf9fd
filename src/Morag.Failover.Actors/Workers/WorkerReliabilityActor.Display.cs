using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Actors.Workers;

/// <content>Shows the worker to people.</content>
public sealed partial class WorkerReliabilityActor
{
    private WorkerInfo Info(WorkerRegistration registration)
    {
        var patience = pulse.PatienceAt(Now);
        var isBusy = State.Status == WorkerStatus.Online && held.Count >= registration.MaxConcurrentTasks;
        return new()
        {
            Registration = registration,
            Status = isBusy ? WorkerStatus.Busy : State.Status,
            Metrics = pulse.Metrics,
            LastHeartbeat = pulse.HeardAt,
            RegisteredAt = State.RegisteredAt,
            Version = State.Revision,
            Liveness = State.Liveness,
            Draining = State.IsDraining,
            BreakerState = State.Breaker.State,
            Degraded = degraded.Reason(held, Now),
            ClockSkewSeconds = pulse.ClockSkewSeconds,
            HeldLeases = held.Count,
            Gateway = pulse.Gateway,
            Patience = Math.Round(patience.Factor, 2),
            PatienceReason = patience.Reason,
            Heartbeats = pulse.Heartbeats(Now),
        };
    }
}
