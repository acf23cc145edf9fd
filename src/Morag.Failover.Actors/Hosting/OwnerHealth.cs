using System.Collections.Concurrent;

namespace Morag.Failover.Actors.Hosting;

/// <summary>What this node knows of the fixed owners of the cluster: which of them do not serve, and why.</summary>
public sealed class OwnerHealth
{
    private readonly ConcurrentDictionary<string, string> down = new(StringComparer.Ordinal);

    /// <summary>The owners that do not serve, by persistence id, each with the reason; empty while all do.</summary>
    public IReadOnlyDictionary<string, string> Down => down;

    /// <summary>Whether any owner does not serve.</summary>
    internal bool AnyDown => !down.IsEmpty;

    /// <summary>An owner serves.</summary>
    internal void Serves(string owner) => down.TryRemove(owner, out _);

    /// <summary>An owner does not serve.</summary>
    internal void IsDown(string owner, string why) => down[owner] = why;
}
