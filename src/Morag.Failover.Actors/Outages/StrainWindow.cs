using Morag.Failover.Domain.Nodes;

namespace Morag.Failover.Actors.Outages;

/// <summary>Remembers the strain of the last ten seconds, in buckets of one second. Not safe for several threads.</summary>
internal sealed class StrainWindow
{
    private const int Seconds = 10;

    private readonly (long Second, NodeStrain Strain)[] buckets = new (long, NodeStrain)[Seconds];

    /// <summary>Adds a measurement.</summary>
    /// <param name="strain">The measurement.</param>
    /// <param name="at">Monotonic time.</param>
    public void Add(NodeStrain strain, TimeSpan at)
    {
        var second = SecondOf(at);
        ref var bucket = ref buckets[second % Seconds];
        bucket = bucket.Second == second ? (second, bucket.Strain.With(strain)) : (second, strain);
    }

    /// <summary>The worst of the last ten seconds.</summary>
    public NodeStrain Worst(TimeSpan at)
    {
        var worst = default(NodeStrain);
        foreach (var (second, strain) in buckets)
        {
            worst = second > SecondOf(at) - Seconds ? worst.With(strain) : worst;
        }

        return worst;
    }

    // From 1, so that an empty bucket is older than any other.
    private static long SecondOf(TimeSpan at) => (long)at.TotalSeconds + 1 + Seconds;
}
