using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// Decides when an entity saves a snapshot: after <see cref="Every"/> events or as many as the state has records, whichever is more, so
/// that storing it rewrites at most one record per event; or when the events since the last snapshot have more bytes than the state and
/// than <see cref="LeastBytes"/>, so that a journal of few but large events stays bounded too.
/// </summary>
/// <param name="Every">The fewest events between two snapshots, unless the events are large.</param>
/// <param name="Kept">The number of snapshots kept. Events before the oldest of them are deleted.</param>
public sealed record SnapshotPolicy(int Every, int Kept)
{
    /// <summary>The fewest bytes of events that can make a snapshot due.</summary>
    public long LeastBytes { get; init; } = new StorageSettings().SnapshotBytes;

    /// <summary>The policy of queue partitions and coordinators, which own many records.</summary>
    public static SnapshotPolicy OfLarge(StorageSettings storage) =>
        new(storage.SnapshotEvery, storage.SnapshotsKept) { LeastBytes = storage.SnapshotBytes };

    /// <summary>The policy of workers and directory buckets.</summary>
    public static SnapshotPolicy OfSmall(StorageSettings storage) =>
        new(storage.SmallSnapshotEvery, storage.SnapshotsKept) { LeastBytes = storage.SnapshotBytes };

    /// <summary>Whether a snapshot is due.</summary>
    /// <param name="events">Events since the last snapshot.</param>
    /// <param name="bytes">The estimated bytes of these events.</param>
    /// <param name="state">The size of the state now.</param>
    public bool IsDue(long events, long bytes, StoredSize state) =>
        events >= Math.Max(Every, state.Records) || bytes >= Math.Max(LeastBytes, state.Bytes);
}

/// <summary>The estimated stored size of a state.</summary>
/// <param name="Records">The number of records, which grows with what the entity owns.</param>
/// <param name="Bytes">The estimated bytes of these records.</param>
public readonly record struct StoredSize(long Records, long Bytes);
