using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Fleet;

/// <summary>The memory and disk space of a machine in GiB. Larger machines sort first.</summary>
internal readonly record struct MachineSize(double MemoryGb, double DiskGb) : IComparable<MachineSize>
{
    public int CompareTo(MachineSize other) =>
        MemoryGb != other.MemoryGb ? other.MemoryGb.CompareTo(MemoryGb) : other.DiskGb.CompareTo(DiskGb);
}

/// <summary>Counts the live machines of one kind and size.</summary>
internal sealed record MachineTally
{
    public static readonly MachineTally Empty = new();

    public int Live { get; init; }

    public UnavailableWorkers Unavailable { get; init; } = new();

    public ImmutableSortedSet<WorkerId> Ready { get; init; } =
        ImmutableSortedSet.Create<WorkerId>(Comparer<WorkerId>.Create(static (a, b) => string.CompareOrdinal(a.Value, b.Value)));
}
