using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// The current fleet, and when machines that are no longer ready were last ready. A machine counts as ready until an update shows
/// otherwise, so an old sighting never shortens a wait. A machine is dropped when another of the same kind, with at least as much memory
/// and disk space, was ready later.
/// </summary>
public sealed record FleetSightings
{
    /// <summary>No sightings.</summary>
    public static readonly FleetSightings None = new();

    private ImmutableDictionary<WorkerProfile, ImmutableArray<LastReady>> Before { get; init; } =
        ImmutableDictionary.Create<WorkerProfile, ImmutableArray<LastReady>>(ProfileComparer.Instance);

    /// <summary>When the whole fleet was first seen; null before that.</summary>
    public DateTimeOffset? Since { get; private init; }

    /// <summary>The fleet as last seen.</summary>
    public FleetView Fleet { get; private init; } = FleetView.Empty;

    /// <summary>Adds a sighting of the whole fleet.</summary>
    public FleetSightings Seeing(FleetView fleet, DateTimeOffset now)
    {
        var before = Before;
        foreach (var (bucket, slice) in Fleet.Slices)
        {
            if (!ReferenceEquals(slice, fleet.Slices.GetValueOrDefault(bucket)))
            {
                before = slice.Profiles.Where(profile => profile.Ready > 0)
                    .Aggregate(before, (all, profile) => With(all, profile.Profile, now));
            }
        }

        return this with { Since = Since ?? now, Fleet = fleet, Before = before };
    }

    /// <summary>Removes machines that were last ready at <paramref name="until"/> or before.</summary>
    public FleetSightings Forgetting(DateTimeOffset until) => this with
    {
        Before = Before
            .Select(kind => KeyValuePair.Create(kind.Key, kind.Value.RemoveAll(machine => machine.At <= until)))
            .Where(kind => !kind.Value.IsEmpty)
            .ToImmutableDictionary(ProfileComparer.Instance),
    };

    /// <summary>
    /// The profiles of machines that were ready after <paramref name="since"/> and can take tasks of the kind from the queue.
    /// </summary>
    public IEnumerable<WorkerProfile> ReadyFor(QueueDefinition queue, string? contentType, bool gpuRequired, DateTimeOffset since)
    {
        var needs = new ResourceRequirements { GpuRequired = gpuRequired };
        var before =
            from kind in Before
            where Eligibility.CanTake(kind.Key, queue, contentType, needs)
            from machine in kind.Value
            where machine.At > since
            select kind.Key with { MemoryGb = machine.MemoryGb, DiskGb = machine.DiskGb };
        return Fleet.ReadyFor(queue, contentType, gpuRequired).Concat(before);
    }

    private static ImmutableDictionary<WorkerProfile, ImmutableArray<LastReady>> With(
        ImmutableDictionary<WorkerProfile, ImmutableArray<LastReady>> all, WorkerProfile profile, DateTimeOffset now)
    {
        var others = all.GetValueOrDefault(profile, [])
            .RemoveAll(other => other.MemoryGb <= profile.MemoryGb && other.DiskGb <= profile.DiskGb);
        return all.SetItem(profile, others.Add(new LastReady(profile.MemoryGb, profile.DiskGb, now)));
    }

    private readonly record struct LastReady(double MemoryGb, double DiskGb, DateTimeOffset At);
}
