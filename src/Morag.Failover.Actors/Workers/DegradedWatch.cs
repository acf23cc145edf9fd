using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// Detects a live worker that does no work: its tasks make no progress, or it requests nothing although it would be granted work. The
/// result is only displayed.
/// </summary>
internal sealed class DegradedWatch(WorkerSettings settings, DateTimeOffset startedAt)
{
    /// <summary>
    /// The checks before a worker is displayed as degraded, so that work in passing between other workers does not count.
    /// </summary>
    private const int Looks = 5;

    /// <summary>A partition that has not answered this many checks no longer counts as having work.</summary>
    private const int LooksUnanswered = 2;

    /// <summary>The partitions that reported work, with the number of the check when they last did.</summary>
    private readonly Dictionary<int, long> partitionsWithWork = [];
    private long looks;
    private DateTimeOffset lastPull = startedAt;
    private DateTimeOffset lastLook = startedAt;
    private DateTimeOffset? workSince;

    /// <summary>Why the worker is displayed as degraded; null if it is not.</summary>
    public string? Reason(HeldLeasesView held, DateTimeOffset now) =>
        held.AnyStuckSince(now - settings.DegradedAfter) ? "holds work without progress"
        : workSince <= now - settings.DegradedAfter ? "pulls nothing, though its queues have work"
        : null;

    /// <summary>Records that the worker requested work.</summary>
    public void OnPull(DateTimeOffset now)
    {
        lastPull = now;
        Reset();
    }

    /// <summary>
    /// Whether to ask the queues now whether they have work for the worker: it could have requested work, and has not for a while.
    /// </summary>
    public bool ShouldCheck(bool couldPull, DateTimeOffset now)
    {
        if (!couldPull)
        {
            Reset();
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

    /// <summary>Records whether a partition has work that it would grant to the worker.</summary>
    public void OnWorkReported(int partition, bool any, DateTimeOffset now)
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

    private void Reset()
    {
        partitionsWithWork.Clear();
        workSince = null;
    }
}
