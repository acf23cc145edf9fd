using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// A recent view of the fleet, built from slices of the directory buckets. Workers that can take the same kinds of tasks are counted
/// together, and only the best machines among them are listed, so its size does not depend on the number of machines.
/// </summary>
public sealed record FleetView
{
    /// <summary>A view without any slice.</summary>
    public static readonly FleetView Empty = new();

    /// <summary>The newest slice of each bucket.</summary>
    public ImmutableSortedDictionary<int, FleetSlice> Slices { get; init; } = ImmutableSortedDictionary<int, FleetSlice>.Empty;

    /// <summary>The number of registered workers.</summary>
    public int Registered => Slices.Values.Sum(slice => slice.Registered);

    /// <summary>Whether it has a slice of every bucket. Before that, a missing worker means nothing.</summary>
    public bool IsComplete(int buckets) => Slices.Count == buckets;

    /// <summary>Adds or replaces a slice.</summary>
    public FleetView With(FleetSlice slice) => this with { Slices = Slices.SetItem(slice.Bucket, slice) };

    /// <summary>Whether any ready worker, other than <paramref name="except"/>, can take the task from the queue.</summary>
    public bool AnyReady(QueueDefinition queue, string? contentType, ResourceRequirements needs, WorkerId? except = null)
    {
        foreach (var profile in Profiles())
        {
            if (profile.Ready > 0
                && Eligibility.CanTake(profile.Profile, queue, contentType, needs)
                && (except is not { } excluded || profile.SomeReady.Any(worker => worker != excluded)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether any live worker can take the task from the queue, even if it is suspect, draining or has an open breaker.</summary>
    public bool AnyLive(QueueDefinition queue, string? contentType, ResourceRequirements needs) =>
        LiveCapable(queue, contentType, needs).Any();

    /// <summary>The live workers that can take the task from the queue, even if they are not ready.</summary>
    public IEnumerable<ProfileCount> LiveCapable(QueueDefinition queue, string? contentType, ResourceRequirements needs) =>
        Profiles().Where(profile => profile.Live > 0 && Eligibility.CanTake(profile.Profile, queue, contentType, needs));

    /// <summary>What the live worker that comes nearest to taking the task from the queue lacks; null if one can take it.</summary>
    public string? NearestMiss(QueueDefinition queue, string? contentType, ResourceRequirements needs)
    {
        var nearest = Profiles()
            .Where(profile => profile.Live > 0)
            .MaxBy(profile => (
                Eligibility.RulesMet(profile.Profile, queue, contentType, needs), profile.Profile.MemoryGb, profile.Profile.DiskGb));
        return nearest is not null && Eligibility.Obstacle(nearest.Profile, queue, contentType, needs) is { } obstacle
            ? $"{(nearest.SomeReady is [var worker, ..] ? worker.Value : "a worker")} {obstacle}"
            : null;
    }

    /// <summary>
    /// The live workers that can take tasks of the kind from the queue, apart from memory and disk space. Ready workers are counted
    /// separately.
    /// </summary>
    public IEnumerable<ProfileCount> LiveFor(QueueDefinition queue, string? contentType, bool gpuRequired)
    {
        var kind = new ResourceRequirements { GpuRequired = gpuRequired };
        return Profiles().Where(profile => profile.Live > 0 && Eligibility.CanTake(profile.Profile, queue, contentType, kind));
    }

    /// <summary>
    /// The profiles of the ready workers that can take tasks of the kind from the queue, apart from memory and disk space.
    /// </summary>
    public IEnumerable<WorkerProfile> ReadyFor(QueueDefinition queue, string? contentType, bool gpuRequired) =>
        from profile in LiveFor(queue, contentType, gpuRequired)
        where profile.Ready > 0
        select profile.Profile;

    /// <summary>The number of live workers that serve the queue.</summary>
    public int LiveServing(QueueDefinition queue) =>
        Profiles().Where(profile => Eligibility.Serves(profile.Profile, queue)).Sum(profile => profile.Live);

    /// <summary>The number of distinct workers that were lost between <paramref name="from"/> and <paramref name="to"/>.</summary>
    public int LostBetween(DateTimeOffset from, DateTimeOffset to) =>
        Slices.Values.SelectMany(slice => slice.RecentLosses)
            .Where(loss => loss.At >= from && loss.At <= to)
            .Select(loss => loss.WorkerId)
            .Distinct()
            .Count();

    private IEnumerable<ProfileCount> Profiles() => Slices.Values.SelectMany(slice => slice.Profiles);
}
