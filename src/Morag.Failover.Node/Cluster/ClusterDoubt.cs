using Morag.Failover.Actors.Hosting;

namespace Morag.Failover.Node.Cluster;

/// <summary>Whether an owner may have no home at the moment. Calls then give up sooner, because waiting does not help.</summary>
/// <param name="owners">The owners that do not serve.</param>
internal sealed class ClusterDoubt(OwnerHealth owners)
{
    private volatile bool members;

    /// <summary>Whether another member may be dead, or is leaving or gone and its owners are moving.</summary>
    public bool Members
    {
        get => members;
        set => members = value;
    }

    /// <summary>Whether a fixed owner is known to be down, rather than just moving or not yet heard of.</summary>
    public bool IsKnownDown(string owner) => owners.Down.TryGetValue(owner, out var down) && !down.IsStarting;

    /// <summary>Whether an owner may have no home.</summary>
    /// <param name="owner">Its persistence id; null for a worker, which only its node can put in doubt.</param>
    public bool Concerns(string? owner) => members || (owner is not null && owners.Down.ContainsKey(owner));
}
