using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Fleet;

/// <summary>
/// The fleet as the directory's buckets told it: a picture a moment old. Workers that can take the same kinds of task are counted
/// together, and only the best machines among them are told apart: so its size does not depend on how many machines there are.
/// </summary>
public sealed record FleetView
{
    /// <summary>Nothing known.</summary>
    public static readonly FleetView Empty = new();

    /// <summary>The newest slice of each bucket.</summary>
    public ImmutableSortedDictionary<int, FleetSlice> Slices { get; init; } = ImmutableSortedDictionary<int, FleetSlice>.Empty;

    /// <summary>Registered workers.</summary>
    public int Registered => Slices.Values.Sum(slice => slice.Registered);

    /// <summary>Whether every one of the buckets has been heard of: before that, an absence means nothing.</summary>
    public bool IsComplete(int buckets) => Slices.Count == buckets;

    /// <summary>The view with a slice put in.</summary>
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

    /// <summary>Whether any live worker can take the task from the queue, though it may be suspect, draining or have an open breaker.</summary>
    public bool AnyLive(QueueDefinition queue, string? contentType, ResourceRequirements needs) =>
        Profiles().Any(profile => profile.Live > 0 && Eligibility.CanTake(profile.Profile, queue, contentType, needs));

    /// <summary>
    /// The live workers that can take tasks of the kind from the queue, if their memory and disk space are enough; those that are ready
    /// are counted apart.
    /// </summary>
    public IEnumerable<ProfileCount> LiveFor(QueueDefinition queue, string? contentType, bool gpuRequired)
    {
        var kind = new ResourceRequirements { GpuRequired = gpuRequired };
        return Profiles().Where(profile => profile.Live > 0 && Eligibility.CanTake(profile.Profile, queue, contentType, kind));
    }

    /// <summary>The profiles of the ready workers among them.</summary>
    public IEnumerable<WorkerProfile> ReadyFor(QueueDefinition queue, string? contentType, bool gpuRequired) =>
        from profile in LiveFor(queue, contentType, gpuRequired)
        where profile.Ready > 0
        select profile.Profile;

    /// <summary>The live workers that serve the queue.</summary>
    public int LiveServing(QueueDefinition queue) =>
        Profiles().Where(profile => Eligibility.Serves(profile.Profile, queue)).Sum(profile => profile.Live);

    /// <summary>The different workers that were lost between <paramref name="from"/> and <paramref name="to"/>.</summary>
    public int LostBetween(DateTimeOffset from, DateTimeOffset to) =>
        Slices.Values.SelectMany(slice => slice.RecentLosses)
            .Where(loss => loss.At >= from && loss.At <= to)
            .Select(loss => loss.WorkerId)
            .Distinct()
            .Count();

    private IEnumerable<ProfileCount> Profiles() => Slices.Values.SelectMany(slice => slice.Profiles);
}
