using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>A retry needs a worker that may take work. One that was never registered is unknown, not gone: it may.</summary>
internal sealed class SameWorkerGuard : IGuard
{
    public string Name => "same_worker";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        if (choice.Strategy != FailoverStrategy.RetrySameWorker || failure.Worker is not { } worker)
        {
            return Verdict.Stands(choice);
        }

        var obstacle = worker switch
        {
            { Score.CircuitBreakerActive: true } => "its breaker is open",
            { Unregistered: true } => "it has unregistered",
            { Registered: true, Liveness: Liveness.Offline } => "it is offline",
            { Registered: true, Draining: true } => "it is draining",
            _ => null,
        };
        return obstacle is null
            ? Verdict.Stands(choice)
            : Verdict.Overrules(FailoverStrategy.ReassignSameQueue, $"{failure.WorkerName} may not take the retry: {obstacle}");
    }
}
