using Morag.Failover.Actors.Hosting;

namespace Morag.Failover.Node.Cluster;

/// <summary>Whether an owner may be unavailable at the moment. Calls then give up sooner, because waiting does not help.</summary>
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

    /// <summary>Whether a fixed owner is known to be down, rather than just moving or not yet reached.</summary>
    public bool IsKnownDown(string owner) => owners.Down.TryGetValue(owner, out var down) && !down.IsStarting;

    /// <summary>Whether an owner may be unavailable.</summary>
    /// <param name="owner">Its persistence id; null for the entity of a worker, which is unavailable only if its node may be.</param>
    public bool Concerns(string? owner) => members || (owner is not null && owners.Down.ContainsKey(owner));
}
