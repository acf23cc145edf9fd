using System.Collections.Concurrent;
using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Hosting;

/// <summary>The fixed owners of the cluster that do not serve, as far as this node knows.</summary>
public sealed class OwnerHealth
{
    private readonly ConcurrentDictionary<string, string> down = new(StringComparer.Ordinal);

    /// <summary>The reasons why owners do not serve, by persistence id. Empty while all serve.</summary>
    public IReadOnlyDictionary<string, string> Down => down;

    /// <summary>Whether any owner does not serve.</summary>
    internal bool AnyDown => !down.IsEmpty;

    /// <summary>Whether a queue partition does not serve.</summary>
    internal bool IsQueueDown(int partition) => down.ContainsKey(PersistenceIds.Queue(partition));

    /// <summary>Records that an owner serves.</summary>
    internal void Serves(string owner) => down.TryRemove(owner, out _);

    /// <summary>Records that an owner does not serve.</summary>
    internal void IsDown(string owner, string why) => down[owner] = why;
}
