using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Fleet;

/// <summary>The combinations of memory and disk space that a group of workers offers, reduced to the best machines.</summary>
public sealed class FleetOffers
{
    private readonly double[] memory;
    private readonly double[] disk;

    private FleetOffers(double[] memory, double[] disk)
    {
        this.memory = memory;
        this.disk = disk;
    }

    /// <summary>Whether the group is empty.</summary>
    public bool IsEmpty => memory.Length == 0;

    /// <summary>The most memory that any worker offers, in GiB; minus infinity if there are no workers.</summary>
    public double MostMemoryGb => IsEmpty ? double.NegativeInfinity : memory[^1];

    /// <summary>The most disk space that any worker offers, in GiB; minus infinity if there are no workers.</summary>
    public double MostDiskGb => IsEmpty ? double.NegativeInfinity : disk[0];

    /// <summary>The offers of workers with these profiles.</summary>
    public static FleetOffers Of(IEnumerable<WorkerProfile> profiles)
    {
        var memory = new List<double>();
        var disk = new List<double>();
        foreach (var profile in profiles.OrderByDescending(profile => profile.MemoryGb).ThenByDescending(profile => profile.DiskGb))
        {
            if (disk.Count == 0 || profile.DiskGb > disk[^1])
            {
                memory.Add(profile.MemoryGb);
                disk.Add(profile.DiskGb);
            }
        }

        memory.Reverse();
        disk.Reverse();
        return new([.. memory], [.. disk]);
    }

    /// <summary>
    /// The most disk space that a worker with at least this much memory offers; minus infinity if there is no such worker.
    /// </summary>
    public double DiskWith(double memoryGb)
    {
        var index = Array.BinarySearch(memory, memoryGb);
        index = index < 0 ? ~index : index;
        return index < disk.Length ? disk[index] : double.NegativeInfinity;
    }
}
