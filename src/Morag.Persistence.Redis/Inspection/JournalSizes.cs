namespace Morag.Persistence.Redis.Inspection;

/// <summary>What one persistence id takes up.</summary>
/// <param name="PersistenceId">The id.</param>
/// <param name="Events">How many events are stored.</param>
/// <param name="EventBytes">Memory of the events, as Redis estimates it.</param>
/// <param name="Snapshots">How many snapshots are stored beside them.</param>
/// <param name="SnapshotBytes">Memory of the snapshots, as Redis estimates it.</param>
public sealed record IdSize(string PersistenceId, long Events, long EventBytes, long Snapshots, long SnapshotBytes)
{
    /// <summary>Memory of events and snapshots.</summary>
    public long Bytes => EventBytes + SnapshotBytes;
}

/// <summary>What all persistence ids take up.</summary>
/// <param name="Ids">How many there are.</param>
/// <param name="Events">How many events are stored.</param>
/// <param name="EventBytes">Memory of the events, as Redis estimates it.</param>
/// <param name="Snapshots">How many snapshots are stored.</param>
/// <param name="SnapshotBytes">Memory of the snapshots, as Redis estimates it.</param>
/// <param name="Largest">Those that take up most, the largest first.</param>
public sealed record JournalSizes(long Ids, long Events, long EventBytes, long Snapshots, long SnapshotBytes, IReadOnlyList<IdSize> Largest);
