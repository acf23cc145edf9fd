using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Actors.Workers;

/// <summary>
/// Which partitions have taken which of the worker's fences. They go to each partition in order, one at a time. Progress is not
/// stored until all took a fence: after a restart some are sent again, and taken again without effect.
/// </summary>
internal sealed class FenceOutbox(int partitions)
{
    private readonly long[] taken = new long[partitions];

    /// <summary>Whether a partition has still to take a fence: until then no lease is asked of it, since the fence might end it.</summary>
    public bool Owes(ImmutableArray<OwedFence> fences, int partition) => !fences.IsEmpty && fences[^1].Number > taken[partition];

    /// <summary>The next fence that a partition has to take.</summary>
    public OwedFence? Next(ImmutableArray<OwedFence> fences, int partition)
    {
        foreach (var fence in fences)
        {
            if (fence.Number > taken[partition])
            {
                return fence;
            }
        }

        return null;
    }

    /// <summary>A partition took a fence.</summary>
    public void Taken(int partition, long number)
    {
        if (partition >= 0 && partition < partitions)
        {
            taken[partition] = Math.Max(taken[partition], number);
        }
    }

    /// <summary>The highest number that every partition took.</summary>
    public long TakenByAll => taken.Min();
}
