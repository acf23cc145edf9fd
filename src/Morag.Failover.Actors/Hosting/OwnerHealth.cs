using System.Collections.Concurrent;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Fleet;

namespace Morag.Failover.Actors.Hosting;

/// <summary>A fixed owner that does not serve.</summary>
/// <param name="Why">The reason.</param>
/// <param name="Since">Since when, as far as this node knows.</param>
/// <param name="IsStarting">Whether this node has received nothing from it since the node started.</param>
public sealed record DownOwner(string Why, DateTimeOffset Since, bool IsStarting);

/// <summary>
/// The fixed owners of the cluster that do not serve, as far as this node knows, and the owners of every kind on this node that fail.
/// </summary>
public sealed class OwnerHealth
{
    /// <summary>The most characters of a reason, so that all alerts of a node fit into one message.</summary>
    private const int MaxReason = 1000;

    private readonly ConcurrentDictionary<string, OwnerAlert> alerts = new(StringComparer.Ordinal);

    // Immutable, because it is read for each message of a worker that waits: a concurrent dictionary takes all its locks to say that it is
    // empty.
    private ImmutableDictionary<string, DownOwner> down = ImmutableDictionary.Create<string, DownOwner>(StringComparer.Ordinal);

    /// <summary>The fixed owners of the cluster that do not serve, by persistence id. Empty while all serve.</summary>
    public IReadOnlyDictionary<string, DownOwner> Down => Volatile.Read(ref down);

    /// <summary>The number of owners on this node that fail.</summary>
    public int FailingHere => alerts.Count;

    /// <summary>Whether any fixed owner does not serve.</summary>
    internal bool AnyDown => !Volatile.Read(ref down).IsEmpty;

    /// <summary>The owners on this node that fail.</summary>
    internal NodeAlerts Alerts()
    {
        var all = alerts.Values.ToList();
        return new NodeAlerts
        {
            Alerts = [.. all.OrderBy(alert => alert.Since).ThenBy(alert => alert.Owner, StringComparer.Ordinal).Take(NodeAlerts.MaxAlerts)],
            More = Math.Max(0, all.Count - NodeAlerts.MaxAlerts),
        };
    }

    /// <summary>Whether a queue partition does not serve.</summary>
    internal bool IsQueueDown(int partition) => Volatile.Read(ref down).ContainsKey(PersistenceIds.Queue(partition));

    /// <summary>Records that a fixed owner serves.</summary>
    internal void Serves(string owner) => ImmutableInterlocked.TryRemove(ref down, owner, out _);

    /// <summary>Records that a fixed owner does not serve.</summary>
    internal void IsDown(string owner, string why, DateTimeOffset now, bool isStarting = false) => ImmutableInterlocked.AddOrUpdate(
        ref down,
        owner,
        new DownOwner(why, now, isStarting),
        (_, before) => new DownOwner(why, before.Since, before.IsStarting && isStarting));

    /// <summary>Records that an owner on this node fails.</summary>
    internal void Fails(OwnerAlert alert) => alerts[alert.Owner] =
        alert.Reason.Length > MaxReason ? alert with { Reason = alert.Reason[..MaxReason] } : alert;

    /// <summary>Records that an owner on this node has recovered, or is no longer on this node.</summary>
    internal void Clear(string owner) => alerts.TryRemove(owner, out _);
}
