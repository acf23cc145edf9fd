using System.Collections.Concurrent;
using Akka.Persistence;

namespace Morag.Failover.Actors.Persistence;

/// <summary>
/// The snapshots that could not be read since this system started. They are passed over, not deleted: a later version may read them.
/// </summary>
internal sealed class UnreadableSnapshots : IExtension
{
    private readonly ConcurrentDictionary<string, long> oldest = new();

    /// <summary>Those of one actor system.</summary>
    public static UnreadableSnapshots In(ActorSystem system) => system.WithExtension<UnreadableSnapshots, Provider>();

    /// <summary>Which snapshots of an entity are worth loading.</summary>
    public SnapshotSelectionCriteria Below(string persistenceId) =>
        oldest.TryGetValue(persistenceId, out var unreadable) ? new SnapshotSelectionCriteria(unreadable - 1) : SnapshotSelectionCriteria.Latest;

    /// <summary>One cannot be read.</summary>
    public void Add(string persistenceId, long sequenceNr) => oldest[persistenceId] = sequenceNr;

    /// <summary>All of an entity are worth another try.</summary>
    public void Forget(string persistenceId) => oldest.TryRemove(persistenceId, out _);

    private sealed class Provider : ExtensionIdProvider<UnreadableSnapshots>
    {
        public override UnreadableSnapshots CreateExtension(ExtendedActorSystem system) => new();
    }
}
