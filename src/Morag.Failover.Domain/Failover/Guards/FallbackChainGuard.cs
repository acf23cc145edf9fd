using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>
/// A fallback names the next queue of the chain that a live worker able to take this task serves. Where the chain has ended, the
/// task's own failure needs a person. Where it has not but nobody is there to take the task, it stays: no task is parked because
/// workers are absent.
/// </summary>
internal sealed class FallbackChainGuard : IGuard
{
    public string Name => "fallback_chain";

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        if (choice.Strategy != FailoverStrategy.FallbackQueue || failure.Task.Queue is not { } queue)
        {
            return Verdict.Stands(choice);
        }

        var chain = settings.Queues.ChainAfter(queue);
        if (chain.IsEmpty)
        {
            return Verdict.Overrules(
                failure.CountsAgainstTask ? FailoverStrategy.ManualIntervention : FailoverStrategy.ReassignSameQueue,
                $"{queue} is the end of its fallback chain");
        }

        // Before every bucket of the directory has been heard of, an absence means nothing: then the nearest queue is taken.
        var known = failure.Fleet.IsComplete(settings.Partitions.DirectoryBuckets);
        var target = chain.FirstOrDefault(next => !known || failure.Fleet.AnyLive(next, failure.Task.ContentType, failure.Task.Needs));
        return target is null
            ? Verdict.Overrules(
                FailoverStrategy.ReassignSameQueue,
                $"no live worker can take the task from any queue after {queue} ({string.Join(", ", chain.Select(next => next.Name))})")
            : Verdict.Stands(choice with { TargetQueue = target.Name, Because = choice.Because + SkippedBefore(target, chain) });
    }

    private static string SkippedBefore(QueueDefinition target, ImmutableArray<QueueDefinition> chain)
    {
        var skipped = chain.TakeWhile(next => next != target).Select(next => next.Name.Value).ToList();
        return skipped.Count == 0 ? "" : $" (no live worker can take it from {string.Join(", ", skipped)})";
    }
}
