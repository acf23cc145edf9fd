using Morag.Failover.Contracts.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Failover.Guards;

/// <summary>
/// Finds the queue of a fallback: the next one in the chain that an available worker can take the task from, or else a live worker. At the
/// end of the chain, a failure of the task itself parks it. If no worker can take the task from any later queue, it stays in its queue:
/// a task is never parked because workers are missing.
/// </summary>
internal sealed class FallbackChainGuard : IGuard
{
    /// <summary>The name, which the review of a parked task looks for.</summary>
    public const string GuardName = "fallback_chain";

    public string Name => GuardName;

    public Verdict Check(FailureCase failure, Choice choice, FailoverSettings settings)
    {
        if (!choice.Traits.MovesToNextQueue || failure.Task.Queue is not { } queue)
        {
            return Verdict.Stands(choice);
        }

        var chain = settings.Queues.ChainAfter(queue);
        if (chain.IsEmpty)
        {
            return Verdict.Overrules(
                failure.CountsAgainstTask ? FailoverStrategy.ManualIntervention : FailoverStrategy.ReassignSameQueue,
                $"{queue} is the last queue of its fallback chain");
        }

        var target = Target(failure, chain, settings);
        var nobody = failure.Unserved ? "no available worker" : "no live worker";
        return target is null
            ? Verdict.Overrules(
                FailoverStrategy.ReassignSameQueue,
                $"{nobody} can take the task from a later queue of the chain ({string.Join(", ", chain.Select(next => next.Name))})")
            : Verdict.Stands(choice with { TargetQueue = target.Name, Because = choice.Because + SkippedBefore(target, chain) });
    }

    /// <summary>
    /// Queues with an available worker come first. A task that cannot stay in its queue may also wait for a worker that is live but not
    /// available. An unserved task may not: it would move from one such queue to the next.
    /// </summary>
    private static QueueDefinition? Target(FailureCase failure, ImmutableArray<QueueDefinition> chain, FailoverSettings settings)
    {
        // The view is incomplete until every directory bucket has answered. Until then a missing worker proves nothing.
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
        return skipped.Count == 0 ? "" : $" (skipped, because no available worker can take the task: {string.Join(", ", skipped)})";
    }
}
