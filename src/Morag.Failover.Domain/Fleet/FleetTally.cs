using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>The counts over the entries of one bucket, updated with each change so that reading them is cheap.</summary>
public sealed record FleetTally
{
    /// <summary>The most losses in a slice.</summary>
    public const int LossesKept = 1_000;

    /// <summary>
    /// How long slices report a loss. In a power cut, the first task is decided before the cut can be distinguished from a single loss. If
    /// its next worker is lost within this window, in a second cut, the earlier losses show that the first was a cut too.
    /// </summary>
    public static readonly TimeSpan LossWindow = TimeSpan.FromHours(1);

    /// <summary>The counts without entries.</summary>
    public static readonly FleetTally Empty = new();

    /// <summary>The registered workers by what they have in common. Classes without workers are absent.</summary>
    public ImmutableDictionary<WorkerClass, int> Census { get; private init; } = ImmutableDictionary<WorkerClass, int>.Empty;

    private WorkerStats Stats { get; init; } = new();

    /// <summary>Machines by the kinds of tasks they can take, and then by size, largest first.</summary>
    private ImmutableDictionary<WorkerProfile, ImmutableSortedDictionary<MachineSize, MachineTally>> Machines { get; init; } =
        ImmutableDictionary.Create<WorkerProfile, ImmutableSortedDictionary<MachineSize, MachineTally>>(ProfileComparer.Instance);

    /// <summary>
    /// The last losses, newest last. Slices report each for <see cref="LossWindow"/>, even if its worker is removed sooner.
    /// </summary>
    internal ImmutableList<RecentLoss> Losses { get; private init; } = [];

    /// <summary>The counts.</summary>
    public WorkerStats Counts() => Stats;

    /// <summary>The bucket's slice of the fleet view.</summary>
    public FleetSlice Slice(int bucket, long version, DateTimeOffset now) => new()
    {
        Bucket = bucket,
        Version = version,
        Registered = Stats.TotalWorkers,
        Profiles = [.. Machines.SelectMany(kind => BestMachines.Of(kind.Key, kind.Value))],
        RecentLosses = [.. Losses.Where(loss => loss.At > now - LossWindow)],
    };

    /// <summary>How often each worker was lost, unplanned, since a time, as far as the last <see cref="LossesKept"/> losses show.</summary>
    public ImmutableDictionary<WorkerId, int> LossesSince(DateTimeOffset time) => Losses.Where(loss => loss.At > time)
        .GroupBy(loss => loss.WorkerId)
        .ToImmutableDictionary(same => same.Key, same => same.Count());

    /// <summary>Replaces one entry by another.</summary>
    public FleetTally Replaced(WorkerEntry? before, WorkerEntry? after)
    {
        var tally = this;
        if (before is not null)
        {
            tally = tally.Counting(before, -1);
        }

        if (after is not null)
        {
            tally = tally.Counting(after, +1);
            if (after.LostAt is { } at && before?.LostAt != at)
            {
                tally = tally.WithLoss(new RecentLoss { WorkerId = after.WorkerId, At = at });
            }
        }

        return tally;
    }

    /// <summary>Replaces the losses.</summary>
    internal FleetTally WithLosses(IEnumerable<RecentLoss> losses) => this with { Losses = [.. losses.TakeLast(LossesKept)] };

    private static bool IsRegistered(WorkerEntry entry) => entry is { Registration: not null, Unregistered: false };

    private FleetTally WithLoss(RecentLoss loss) =>
        this with { Losses = (Losses.Count < LossesKept ? Losses : Losses.RemoveAt(0)).Add(loss) };

    private FleetTally Counting(WorkerEntry entry, int by)
    {
        var stats = Stats with
        {
            ActiveCircuitBreakers = Stats.ActiveCircuitBreakers + (entry.BreakerState == BreakerState.Open ? by : 0),
            WorkersWithReliabilityData = Stats.WorkersWithReliabilityData + (entry.HasReliabilityData ? by : 0),
        };
        if (!IsRegistered(entry))
        {
            return this with { Stats = stats };
        }

        var capability = Word(entry.Registration!.Capability);
        var ofCapability = stats.ByCapability.GetValueOrDefault(capability) + by;
        stats = stats with
        {
            TotalWorkers = stats.TotalWorkers + by,
            AliveWorkers = stats.AliveWorkers + (entry.Liveness == Liveness.Alive ? by : 0),
            SuspectWorkers = stats.SuspectWorkers + (entry.Liveness == Liveness.Suspect ? by : 0),
            OfflineWorkers = stats.OfflineWorkers + (entry.Liveness == Liveness.Offline ? by : 0),
            DrainingWorkers = stats.DrainingWorkers + (entry.Draining ? by : 0),
            ByCapability = ofCapability == 0 ? stats.ByCapability.Remove(capability) : stats.ByCapability.SetItem(capability, ofCapability),
        };
        return this with
        {
            Stats = stats,
            Census = CountingClass(entry, by),
            Machines = entry.Liveness == Liveness.Offline ? Machines : CountingLive(entry, by),
        };
    }

    private ImmutableDictionary<WorkerClass, int> CountingClass(WorkerEntry entry, int by)
    {
        var @class = WorkerClass.Of(entry);
        var count = Census.GetValueOrDefault(@class) + by;
        return count == 0 ? Census.Remove(@class) : Census.SetItem(@class, count);
    }

    private ImmutableDictionary<WorkerProfile, ImmutableSortedDictionary<MachineSize, MachineTally>> CountingLive(WorkerEntry entry, int by)
    {
        var profile = Eligibility.ProfileOf(entry.Registration!);
        var size = new MachineSize(profile.MemoryGb, profile.DiskGb);
        var sizes = Machines.GetValueOrDefault(profile, ImmutableSortedDictionary<MachineSize, MachineTally>.Empty);
        var tally = sizes.GetValueOrDefault(size, MachineTally.Empty);
        var obstacle = Availability.Obstacle(entry);
        tally = tally with
        {
            Live = tally.Live + by,
            Ready = obstacle is not null ? tally.Ready : by > 0 ? tally.Ready.Add(entry.WorkerId) : tally.Ready.Remove(entry.WorkerId),
            Unavailable = obstacle is null ? tally.Unavailable : tally.Unavailable.Plus(obstacle, by),
        };
        sizes = tally.Live == 0 ? sizes.Remove(size) : sizes.SetItem(size, tally);
        return sizes.IsEmpty ? Machines.Remove(profile) : Machines.SetItem(profile, sizes);
    }

    private static string Word(WorkerCapability capability) => capability switch
    {
        WorkerCapability.Cpu => "cpu",
        WorkerCapability.Gpu => "gpu",
        WorkerCapability.Hybrid => "hybrid",
        _ => throw new ArgumentOutOfRangeException(nameof(capability)),
    };
}
