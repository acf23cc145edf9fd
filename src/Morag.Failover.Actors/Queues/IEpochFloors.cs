namespace Morag.Failover.Actors.Queues;

/// <summary>
/// What is known outside the journal of the epochs that were granted. A journal may lose its newest events, or all; an epoch that
/// recurred would let the late result of one worker pass for that of another.
/// </summary>
public interface IEpochFloors
{
    /// <summary>Where nothing is known.</summary>
    static IEpochFloors None { get; } = new NoFloors();

    /// <summary>The highest epoch that a partition may have granted: the next one has to be above it.</summary>
    LeaseEpoch Of(int partition);

    /// <summary>Makes sure that <see cref="Of"/> is at least this from now on, also after a crash. Called before the epoch is granted.</summary>
    void Reserve(int partition, LeaseEpoch upTo);

    /// <summary>Told when a partition stops here: this is the highest epoch that it has granted.</summary>
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
