using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Fleet;

/// <summary>What a machine has, in GiB; larger ones come first.</summary>
internal readonly record struct MachineSize(double MemoryGb, double DiskGb) : IComparable<MachineSize>
{
    public int CompareTo(MachineSize other) =>
        MemoryGb != other.MemoryGb ? other.MemoryGb.CompareTo(MemoryGb) : other.DiskGb.CompareTo(DiskGb);
}

/// <summary>The live machines of one kind and size.</summary>
internal sealed record MachineTally
{
    public static readonly MachineTally Empty = new();

    public int Live { get; init; }

    public UnavailableWorkers Unavailable { get; init; } = new();

    public ImmutableSortedSet<WorkerId> Ready { get; init; } =
        ImmutableSortedSet.Create<WorkerId>(Comparer<WorkerId>.Create(static (a, b) => string.CompareOrdinal(a.Value, b.Value)));
}

/// <summary>
/// The machines of one kind that have to be told apart to know whether any, or any but one, can take a task: those for which no other
/// has as much of everything. The rest are counted with a machine that has, so that free disk space, which differs from machine to
/// machine, does not make each a group of its own.
/// </summary>
internal static class BestMachines
{
    /// <summary>The machines that differ, with all counted.</summary>
    public static IEnumerable<ProfileCount> Of(WorkerProfile kind, ImmutableSortedDictionary<MachineSize, MachineTally> sizes)
    {
        var told = new List<ProfileCount>();
        var live = new Best(-1, double.NegativeInfinity);
        var (ready, second) = (live, live);
        foreach (var (size, tally) in sizes)
        {
            var readyElsewhere = tally.Ready.IsEmpty || second.DiskGb >= size.DiskGb;
            if (live.DiskGb >= size.DiskGb && readyElsewhere)
            {
                var with = tally.Ready.IsEmpty ? live.Index : second.Index;
                told[with] = told[with] with
                {
                    Live = told[with].Live + tally.Live,
                    Ready = told[with].Ready + tally.Ready.Count,
                    Unavailable = told[with].Unavailable.Plus(tally.Unavailable),
                };
                continue;
            }

            var own = new Best(told.Count, size.DiskGb);
            told.Add(new ProfileCount
            {
                Profile = kind with { MemoryGb = size.MemoryGb, DiskGb = size.DiskGb },
                Live = tally.Live,
                Ready = tally.Ready.Count,
                SomeReady = [.. tally.Ready.Take(2)],
                Unavailable = tally.Unavailable,
            });
            live = own.DiskGb > live.DiskGb ? own : live;
            foreach (var _ in told[^1].SomeReady)
            {
                (ready, second) = own.DiskGb > ready.DiskGb ? (own, ready) : (ready, own.DiskGb > second.DiskGb ? own : second);
            }
        }

        return told;
    }

    private readonly record struct Best(int Index, double DiskGb);
}
