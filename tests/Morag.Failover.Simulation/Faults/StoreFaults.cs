using Morag.Failover.Simulation.Storage;

namespace Morag.Failover.Simulation.Faults;

/// <summary>A bad store.</summary>
/// <param name="random">Draws what happens to each operation.</param>
/// <param name="fate">What happens to an operation that is hit.</param>
/// <param name="chance">How many operations are hit, as a part of all.</param>
/// <param name="delays">The longest extra time each way.</param>
/// <param name="slot">The node that has this trouble; null for all.</param>
internal sealed class StoreFaults(Random random, OperationFate fate, double chance, TimeSpan delays, int? slot)
{
    public TimeSpan Delay(int node) => Concerns(node) ? delays * random.NextDouble() : TimeSpan.Zero;

    public OperationFate FateOf(int node, bool isWrite) =>
        Concerns(node) && (isWrite || !OnlyWrites) && random.NextDouble() < chance ? fate : OperationFate.Done;

    private bool OnlyWrites => fate is OperationFate.DiskFull or OperationFate.OwnerCrashesBefore or OperationFate.OwnerCrashesAfter;

    private bool Concerns(int node) => slot is null || slot == node;
}
