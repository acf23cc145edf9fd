using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// When an entity saves its state. A snapshot is due after <see cref="Every"/> events or as many as the state has records, whichever
/// is more, so that storing it rewrites at most one record for each event; or once the events since the last one take more bytes than
/// the state does, and <see cref="LeastBytes"/>, so that a journal of few but large events stays bounded too.
/// </summary>
/// <param name="Every">The least number of events between two snapshots, unless they are large.</param>
/// <param name="Kept">Snapshots kept; events below the oldest of them are removed, since their history is in it.</param>
public sealed record SnapshotPolicy(int Every, int Kept)
{
    /// <summary>Events that take less together make no snapshot due on account of their bytes.</summary>
    public long LeastBytes { get; init; } = new StorageSettings().SnapshotBytes;

    /// <summary>For owners of many records: queue partitions and coordinators.</summary>
    public static SnapshotPolicy OfLarge(StorageSettings storage) =>
        new(storage.SnapshotEvery, storage.SnapshotsKept) { LeastBytes = storage.SnapshotBytes };

    /// <summary>For workers and directory buckets.</summary>
    public static SnapshotPolicy OfSmall(StorageSettings storage) =>
        new(storage.SmallSnapshotEvery, storage.SnapshotsKept) { LeastBytes = storage.SnapshotBytes };

    /// <summary>Whether a snapshot is due.</summary>
    /// <param name="events">Events since the last one.</param>
    /// <param name="bytes">The bytes that they take, by estimate.</param>
    /// <param name="state">The size of the state now.</param>
    public bool IsDue(long events, long bytes, StoredSize state) =>
        events >= Math.Max(Every, state.Records) || bytes >= Math.Max(LeastBytes, state.Bytes);
}

/// <summary>The estimated size of a state as it is stored.</summary>
/// <param name="Records">The records that grow in number with what the entity owns.</param>
/// <param name="Bytes">The bytes they take.</param>
public readonly record struct StoredSize(long Records, long Bytes);
