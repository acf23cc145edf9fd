using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// Whether a worker that is alive does no work: what it holds makes no progress, or it pulls nothing while its queues have work.
/// Shown, and decides nothing.
/// </summary>
internal sealed class DegradedWatch(WorkerSettings settings, QueueSettings queues, DateTimeOffset startedAt)
{
    private DateTimeOffset lastPull = startedAt;
    private DateTimeOffset lastAsked = startedAt;
    private bool leavesWork;

    /// <summary>Why the worker is shown as degraded; null where it is not.</summary>
    public string? Reason(HeldLeasesView held, DateTimeOffset now) =>
        held.AnyStuckSince(now - settings.DegradedAfter) ? "holds work without progress"
        : leavesWork ? "pulls nothing, though its queues have work"
        : null;

    /// <summary>The worker asked for work.</summary>
    public void Pulled(DateTimeOffset now)
    {
        lastPull = now;
        leavesWork = false;
    }

    /// <summary>Whether the queues should be asked for their counts now: the worker could have pulled, and has not for long.</summary>
    public bool ShouldAskQueues(bool couldPull, DateTimeOffset now)
    {
        if (!couldPull)
        {
            leavesWork = false;
            return false;
        }

        if (now - lastPull < settings.DegradedAfter || now - lastAsked < settings.DegradedAfter)
        {
            return false;
        }

        lastAsked = now;
        return true;
    }

    /// <summary>The counts of a partition's queues.</summary>
    public void Counted(QueueStatsReply reply, WorkerRegistration? registration, DateTimeOffset now)
    {
        if (registration is null || now - lastPull < settings.DegradedAfter)
        {
            return;
        }

        var profile = Eligibility.ProfileOf(registration);
        leavesWork |= reply.Queues.Any(queue =>
            queue.PendingTasks > 0 && queues.Find(queue.QueueType) is { } definition && Eligibility.Serves(profile, definition));
    }
}
