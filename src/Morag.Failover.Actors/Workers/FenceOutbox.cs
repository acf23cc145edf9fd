using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// Tracks which of the worker's fences each queue partition has acknowledged. Each partition gets the fences in order, one at a time.
/// Progress is stored only when every partition has acknowledged a fence: after a restart some fences are sent again, which has no effect.
/// </summary>
internal sealed class FenceOutbox(int partitions)
{
    private readonly long[] acknowledged = new long[partitions];

    /// <summary>
    /// Whether a partition has not acknowledged every fence yet. Until then the worker requests no lease there, because the fence might
    /// end it.
    /// </summary>
    public bool Owes(ImmutableArray<OwedFence> fences, int partition) => !fences.IsEmpty && fences[^1].Number > acknowledged[partition];

    /// <summary>The next fence to send to a partition; null if it has acknowledged all of them.</summary>
    public OwedFence? Next(ImmutableArray<OwedFence> fences, int partition)
    {
        foreach (var fence in fences)
        {
            if (fence.Number > acknowledged[partition])
            {
                return fence;
            }
        }

        return null;
    }

    /// <summary>Records that a partition acknowledged a fence and those before it. Unknown partitions are ignored.</summary>
    public void Acknowledge(int partition, long number)
    {
        if (partition >= 0 && partition < partitions)
        {
            acknowledged[partition] = Math.Max(acknowledged[partition], number);
        }
    }

    /// <summary>The highest number that every partition has acknowledged.</summary>
    public long AcknowledgedByAll => acknowledged.Min();
}
