namespace Morag.Failover.Simulation.Faults;

/// <summary>A bad network: each message may be lost, doubled, delayed or overtaken by a later one.</summary>
internal sealed class MessageFaults(Random random, double loses, double duplicates, TimeSpan delays, bool reorders)
{
    public bool Reorders => reorders;

    public bool Loses() => random.NextDouble() < loses;

    public bool Duplicates() => random.NextDouble() < duplicates;

    /// <summary>An extra delay; most are much shorter than the longest.</summary>
    public TimeSpan Delay() => delays * Math.Pow(random.NextDouble(), 3);
}
