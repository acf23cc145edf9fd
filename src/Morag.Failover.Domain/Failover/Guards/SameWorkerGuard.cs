using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>A retry needs a worker that may take work.</summary>
internal sealed class SameWorkerGuard : IGuard
{
    public string Name => "same_worker";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        if (choice.Strategy != FailoverStrategy.RetrySameWorker || failure.Worker is not { } worker)
        {
            return Verdict.Stands(choice);
        }

        return RetryObstacle.Of(worker) is { } obstacle
            ? Verdict.Overrules(FailoverStrategy.ReassignSameQueue, $"{failure.WorkerName} may not take the retry: {obstacle}")
            : Verdict.Stands(choice);
    }
}
