namespace Morag.Failover.Actors.Persistence;

/// <summary>When an entity saves its state.</summary>
/// <param name="Every">Events between two snapshots.</param>
/// <param name="Kept">Snapshots kept; events below the oldest of them are removed, since their history is in it.</param>
public sealed record SnapshotPolicy(int Every, int Kept);
