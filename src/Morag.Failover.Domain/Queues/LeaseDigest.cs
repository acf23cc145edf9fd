using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Sums up the leases of a worker in one partition, whose epochs never recur, with their deadlines. Two sets of leases with the same digest
/// are the same, except with a chance of about 1 in 2^64.
/// </summary>
public static class LeaseDigest
{
    /// <summary>The digest of the leases that a worker holds.</summary>
    public static long Of(QueueState state, WorkerId worker) =>
        Of(state.ShareOf(worker).Held.Select(held => (held.Key, state.Tasks[held.Value.TaskId].Lease!.Deadline)));

    /// <summary>The digest of leases, in any order. It is 0 if there are none.</summary>
    public static long Of(IEnumerable<(LeaseEpoch Epoch, DateTimeOffset Deadline)> leases)
    {
        var digest = 0L;
        foreach (var (epoch, deadline) in leases)
        {
            digest ^= Mix(unchecked(epoch.Value + Mix(deadline.UtcTicks)));
        }

        return digest;
    }

    /// <summary>Spreads neighbouring numbers over all bits (the finalizer of SplitMix64), because epochs are consecutive.</summary>
    private static long Mix(long number)
    {
        var mixed = unchecked((ulong)number + 0x9E3779B97F4A7C15);
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return unchecked((long)(mixed ^ (mixed >> 31)));
    }
}
