using Morag.Failover.Actors.Queues;

namespace Morag.Failover.Actors.Tests.Queues;

/// <summary>No epoch is known outside the journal.</summary>
internal sealed class NoEpochFloors : IEpochFloors
{
    public static readonly NoEpochFloors Instance = new();

    public LeaseEpoch Of(int partition) => LeaseEpoch.None;

    public void Reserve(int partition, LeaseEpoch upTo)
    {
    }

    public void Release(int partition, LeaseEpoch granted)
    {
    }
}
