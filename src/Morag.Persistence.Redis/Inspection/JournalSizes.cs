namespace Morag.Persistence.Redis.Inspection;

/// <summary>Storage used by one persistence id.</summary>
/// <param name="PersistenceId">The persistence id.</param>
/// <param name="Events">Number of stored events.</param>
/// <param name="EventBytes">Memory of the events in bytes, as Redis estimates it.</param>
/// <param name="Snapshots">Number of stored snapshots.</param>
/// <param name="SnapshotBytes">Memory of the snapshots in bytes, as Redis estimates it.</param>
public sealed record IdSize(string PersistenceId, long Events, long EventBytes, long Snapshots, long SnapshotBytes)
{
    /// <summary>Memory of events and snapshots in bytes.</summary>
    public long Bytes => EventBytes + SnapshotBytes;
}

/// <summary>Storage used by all persistence ids.</summary>
/// <param name="Ids">Number of persistence ids.</param>
/// <param name="Events">Number of stored events.</param>
/// <param name="EventBytes">Memory of the events in bytes, as Redis estimates it.</param>
/// <param name="Snapshots">Number of stored snapshots.</param>
/// <param name="SnapshotBytes">Memory of the snapshots in bytes, as Redis estimates it.</param>
/// <param name="Largest">The persistence ids that use the most storage, largest first.</param>
public sealed record JournalSizes(
    long Ids, long Events, long EventBytes, long Snapshots, long SnapshotBytes, IReadOnlyList<IdSize> Largest);
