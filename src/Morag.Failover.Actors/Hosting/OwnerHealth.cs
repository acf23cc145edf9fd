using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Hosting;

/// <summary>The fixed owners of the cluster that do not serve, as far as this node knows.</summary>
public sealed class OwnerHealth
{
    // Immutable, because it is read for each message of a worker that waits: a concurrent dictionary takes all its locks to say that it is
    // empty.
    private ImmutableDictionary<string, string> down = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>The reasons why owners do not serve, by persistence id. Empty while all serve.</summary>
    public IReadOnlyDictionary<string, string> Down => Volatile.Read(ref down);

    /// <summary>Whether any owner does not serve.</summary>
    internal bool AnyDown => !Volatile.Read(ref down).IsEmpty;

    /// <summary>Whether a queue partition does not serve.</summary>
    internal bool IsQueueDown(int partition) => Volatile.Read(ref down).ContainsKey(PersistenceIds.Queue(partition));

    /// <summary>Records that an owner serves.</summary>
    internal void Serves(string owner) => ImmutableInterlocked.TryRemove(ref down, owner, out _);

    /// <summary>Records that an owner does not serve.</summary>
    internal void IsDown(string owner, string why) => ImmutableInterlocked.AddOrUpdate(ref down, owner, why, (_, _) => why);
}
