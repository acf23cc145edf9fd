using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>Reassigns a retry when the worker cannot take work.</summary>
internal sealed class SameWorkerGuard : IGuard
{
    public string Name => "same_worker";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        if (!choice.Traits.PinsToWorker || failure.Worker is not { } worker)
        {
            return Verdict.Stands(choice);
        }

        return RetryObstacle.Of(worker) is { } obstacle
            ? Verdict.Overrules(FailoverStrategy.ReassignSameQueue, $"{failure.WorkerName} cannot take the retry: {obstacle}")
            : Verdict.Stands(choice);
    }
}
