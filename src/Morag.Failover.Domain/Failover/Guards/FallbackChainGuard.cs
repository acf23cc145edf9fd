using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>
/// A fallback names the next queue of the chain that an available worker able to take this task serves, or else a live one. Where the
/// chain has ended, the task's own failure needs a person. Where it has not but nobody is there to take the task, it stays: no task is
/// parked because workers are absent.
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

        var target = Target(failure, chain, settings);
        var nobody = failure.Unserved ? "no available worker" : "no live worker";
        return target is null
            ? Verdict.Overrules(
                FailoverStrategy.ReassignSameQueue,
                $"{nobody} can take the task from any queue after {queue} ({string.Join(", ", chain.Select(next => next.Name))})")
            : Verdict.Stands(choice with { TargetQueue = target.Name, Because = choice.Because + SkippedBefore(target, chain) });
    }

    /// <summary>
    /// A queue that an available worker serves comes first. A task that could not stay may also wait for one that is only live; an
    /// unserved task would move from one such queue to the next.
    /// </summary>
    private static QueueDefinition? Target(FailureCase failure, ImmutableArray<QueueDefinition> chain, FailoverSettings settings)
    {
        // Before every bucket of the directory has been heard of, an absence means nothing: then the nearest queue is taken.
        if (!failure.Fleet.IsComplete(settings.Partitions.DirectoryBuckets))
        {
            return chain[0];
        }

        var (contentType, needs) = (failure.Task.ContentType, failure.Task.Needs);
        return chain.FirstOrDefault(next => failure.Fleet.AnyReady(next, contentType, needs))
            ?? (failure.Unserved ? null : chain.FirstOrDefault(next => failure.Fleet.AnyLive(next, contentType, needs)));
    }

    private static string SkippedBefore(QueueDefinition target, ImmutableArray<QueueDefinition> chain)
    {
        var skipped = chain.TakeWhile(next => next != target).Select(next => next.Name.Value).ToList();
        return skipped.Count == 0 ? "" : $" (no available worker can take it from {string.Join(", ", skipped)})";
    }
}
