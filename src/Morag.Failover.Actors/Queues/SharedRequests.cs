using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Actors.Queues;

/// <summary>
/// Shares equal parts of long-lived requests to save memory: machines of one kind have the same queues and content types, and the same room
/// while they are idle.
/// </summary>
internal sealed class SharedRequests
{
    /// <summary>Beyond this many different values the cache is cleared. Common values return with the next requests.</summary>
    private const int MostKept = 1_000;

    private readonly Dictionary<WorkerProfile, WorkerProfile> profiles = new(ProfileComparer.Instance);
    private readonly Dictionary<int, List<ImmutableArray<QueueRoom>>> rooms = [];

    /// <summary>The request with shared parts, without what belongs to a single call.</summary>
    public GrantLeases Of(GrantLeases request) =>
        request with { Interest = null, RequestId = null, Profile = Shared(request.Profile), Queues = Shared(request.Queues) };

    private WorkerProfile Shared(WorkerProfile profile)
    {
        if (profiles.Count >= MostKept)
        {
            profiles.Clear();
        }

        if (!profiles.TryGetValue(profile, out var known))
        {
            profiles[profile] = known = profile;
        }

        var isAlike = (known.MemoryGb, known.DiskGb, known.GpuCount) == (profile.MemoryGb, profile.DiskGb, profile.GpuCount);
        return isAlike ? known : profile with { Queues = known.Queues, ContentTypes = known.ContentTypes };
    }

    private ImmutableArray<QueueRoom> Shared(ImmutableArray<QueueRoom> queues)
    {
        if (rooms.Count >= MostKept)
        {
            rooms.Clear();
        }

        var hash = queues.Aggregate(0, (seed, room) => HashCode.Combine(seed, room));
        if (!rooms.TryGetValue(hash, out var known))
        {
            rooms[hash] = known = [];
        }

        var index = known.FindIndex(each => each.AsSpan().SequenceEqual(queues.AsSpan()));
        if (index < 0)
        {
            index = known.Count;
            known.Add(queues);
        }

        return known[index];
    }
}
