namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Knows the granted epochs independently of the journal. A journal may lose its newest events, or all of them. If an epoch recurred, the
/// late result of one worker could pass for another's.
/// </summary>
public interface IEpochFloors
{
    /// <summary>Knows nothing.</summary>
    static IEpochFloors None { get; } = new NoFloors();

    /// <summary>The highest epoch that a partition may have granted. The next one must be above it.</summary>
    LeaseEpoch Of(int partition);

    /// <summary>Raises <see cref="Of"/> to at least this epoch, durably. Called before the epoch is granted.</summary>
    void Reserve(int partition, LeaseEpoch upTo);

    /// <summary>Called when a partition stops on this node, with the highest epoch it has granted.</summary>
    void Release(int partition, LeaseEpoch granted);

    private sealed class NoFloors : IEpochFloors
    {
        public LeaseEpoch Of(int partition) => LeaseEpoch.None;

        public void Reserve(int partition, LeaseEpoch upTo)
        {
        }

        public void Release(int partition, LeaseEpoch granted)
        {
        }
    }
}
