using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// Whether a worker that is alive does no work: what it holds makes no progress, or it pulls nothing while there is work that it would be
/// granted. Shown, and decides nothing.
/// </summary>
internal sealed class DegradedWatch(WorkerSettings settings, DateTimeOffset startedAt)
{
    /// <summary>How many looks it takes until a worker is shown as degraded: work that comes and goes between others' pulls is not left lying.</summary>
    private const int Looks = 5;

    /// <summary>A partition that has not answered for so many looks is no longer taken to have work.</summary>
    private const int LooksUnanswered = 2;

    /// <summary>The partitions that said that they have work, each with the number of the look after which it last said so.</summary>
    private readonly Dictionary<int, long> partitionsWithWork = [];
    private long looks;
    private DateTimeOffset lastPull = startedAt;
    private DateTimeOffset lastLook = startedAt;
    private DateTimeOffset? workSince;

    /// <summary>Why the worker is shown as degraded; null where it is not.</summary>
    public string? Reason(HeldLeasesView held, DateTimeOffset now) =>
        held.AnyStuckSince(now - settings.DegradedAfter) ? "holds work without progress"
        : workSince <= now - settings.DegradedAfter ? "pulls nothing, though its queues have work"
        : null;

    /// <summary>The worker asked for work.</summary>
    public void Pulled(DateTimeOffset now)
    {
        lastPull = now;
        BeginAnew();
    }

    /// <summary>Whether the queues should be asked now whether they have work for it: the worker could have pulled, and has not for a while.</summary>
    public bool ShouldLook(bool couldPull, DateTimeOffset now)
    {
        if (!couldPull)
        {
            BeginAnew();
            return false;
        }

        var interval = settings.DegradedAfter / Looks;
        if (now - lastPull < interval || now - lastLook < interval)
        {
            return false;
        }

        lastLook = now;
        looks++;
        foreach (var silent in partitionsWithWork.Where(said => said.Value < looks - LooksUnanswered).ToList())
        {
            HasNone(silent.Key);
        }

        return true;
    }

    /// <summary>A partition says whether it has work that the worker would be granted.</summary>
    public void Found(int partition, bool any, DateTimeOffset now)
    {
        if (any)
        {
            partitionsWithWork[partition] = looks;
            workSince ??= now;
        }
        else
        {
            HasNone(partition);
        }
    }

    private void HasNone(int partition)
    {
        if (partitionsWithWork.Remove(partition) && partitionsWithWork.Count == 0)
        {
            workSince = null;
        }
    }

    private void BeginAnew()
    {
        partitionsWithWork.Clear();
        workSince = null;
    }
}
