using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// Reduces the machines of one kind to the groups needed to decide whether any machine, or any but one, can take a task: those that no
/// other machine matches in both memory and disk space. The rest are counted in the group of a machine that does, so that different free
/// disk space does not make each machine a group of its own.
/// </summary>
internal static class BestMachines
{
    /// <summary>The groups, with all machines counted.</summary>
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
