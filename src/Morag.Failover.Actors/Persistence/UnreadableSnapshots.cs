using System.Collections.Concurrent;
using Akka.Persistence;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// The snapshots that could not be read since this actor system started. They are skipped, not deleted, because a later version may read
/// them.
/// </summary>
internal sealed class UnreadableSnapshots : IExtension
{
    private readonly ConcurrentDictionary<string, long> oldest = new();

    /// <summary>The unreadable snapshots of an actor system.</summary>
    public static UnreadableSnapshots In(ActorSystem system) => system.WithExtension<UnreadableSnapshots, Provider>();

    /// <summary>Selects the snapshots of an entity before its unreadable ones.</summary>
    public SnapshotSelectionCriteria Below(string persistenceId) =>
        oldest.TryGetValue(persistenceId, out var unreadable)
            ? new SnapshotSelectionCriteria(unreadable - 1)
            : SnapshotSelectionCriteria.Latest;

    /// <summary>Records an unreadable snapshot.</summary>
    public void Add(string persistenceId, long sequenceNr) => oldest[persistenceId] = sequenceNr;

    /// <summary>Allows all snapshots of an entity to be tried again.</summary>
    public void Forget(string persistenceId) => oldest.TryRemove(persistenceId, out _);

    private sealed class Provider : ExtensionIdProvider<UnreadableSnapshots>
    {
        public override UnreadableSnapshots CreateExtension(ExtendedActorSystem system) => new();
    }
}
