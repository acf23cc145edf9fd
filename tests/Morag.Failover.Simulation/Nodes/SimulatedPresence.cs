using Morag.Failover.Actors.Outages;
using Morag.Failover.Simulation.Clusters;
using Morag.Failover.Simulation.Storage;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation.Nodes;

/// <summary>
/// A node's presence in the store, as decision 12 describes it: it renews it, holds its answers while it cannot, and takes over from
/// members whose presence has expired. A model of the node's PresenceKeeper, which needs a real cluster.
/// </summary>
internal sealed class SimulatedPresence : IServingPermit
{
    private const int RenewalsPerTimeout = 4;

    private readonly SimulatedNode node;
    private readonly NodeTime time;
    private readonly TimeSpan timeout;
    private readonly Dictionary<string, TimeSpan> lapsedSince = [];
    private (TimeSpan Monotonic, DateTimeOffset Wall) renewed;
    private bool renewing;
    private bool revoked;

    public SimulatedPresence(SimulatedNode node, NodeTime time, TimeSpan timeout)
    {
        (this.node, this.time, this.timeout) = (node, time, timeout);
        renewed = Present;
        Renew();
    }

    public ServingPermit State => revoked ? ServingPermit.Revoked
        : node.Cluster.Count == 1 || node.Cluster.Sabotage.KeepsSecondOwners || Age < timeout ? ServingPermit.Valid
        : ServingPermit.Lapsed;

    private SimulatedCluster Cluster => node.Cluster;

    private PresenceTable Table => node.Cluster.Store.Presence;

    private (TimeSpan Monotonic, DateTimeOffset Wall) Present => (node.World.Now, time.GetUtcNow());

    private TimeSpan Age
    {
        get
        {
            var (monotonic, wall) = (node.World.Now - renewed.Monotonic, time.GetUtcNow() - renewed.Wall);
            return monotonic > wall ? monotonic : wall;
        }
    }

    private void Renew()
    {
        node.World.After(timeout / RenewalsPerTimeout, Renew, node);
        if (renewing || revoked)
        {
            return;
        }

        var asked = Present;
        if (Cluster.Store.Faults.Count == 0)
        {
            // Without faults, the millisecond that this takes makes no difference.
            OnRenewed(asked, Table.Renew(node.Name, node.World.Now + timeout));
            return;
        }

        renewing = true;
        var (fate, there, back) = Cluster.Store.Draw(node, isWrite: true);
        node.World.After(there, () =>
        {
            var failed = StoreErrors.OfWrite(fate) is not null;
            var isTakenOver = !failed && !Table.Renew(node.Name, node.World.Now + timeout);
            node.World.After(
                back,
                () =>
                {
                    renewing = false;
                    if (!failed && fate is not OperationFate.ReplyLost)
                    {
                        OnRenewed(asked, !isTakenOver);
                    }
                },
                node);
        });
    }

    private void OnRenewed((TimeSpan Monotonic, DateTimeOffset Wall) asked, bool wasRenewed)
    {
        if (!wasRenewed)
        {
            if (Cluster.Sabotage.KeepsSecondOwners)
            {
                return;
            }

            revoked = true;
            Cluster.LeaveSoon(node);
            return;
        }

        if (Age >= timeout)
        {
            // After a gap of its own, it cannot say how long the others have been without presence.
            lapsedSince.Clear();
        }

        renewed = asked;
        for (var slot = 0; slot < Cluster.Count; slot++)
        {
            if (slot != node.Slot && Cluster.MemberIn(slot) is { } other && !Table.IsPresent(other.Name, node.World.Now))
            {
                lapsedSince.TryAdd(other.Name, node.World.Now);
                TakeOverIfDead(other);
            }
            else if (Cluster.MemberIn(slot) is { } present)
            {
                lapsedSince.Remove(present.Name);
            }
        }
    }

    private void TakeOverIfDead(SimulatedNode other)
    {
        var isDead = other.IsDead || Cluster.IsUnreachable(other.Slot) || node.World.Now - lapsedSince[other.Name] >= timeout * 5;
        if (isDead && Cluster.IsUp(node))
        {
            Cluster.TakeOver(other);
        }
    }
}

/// <summary>The presence of all nodes in the store: when it expires, and which of them was taken over.</summary>
internal sealed class PresenceTable
{
    private readonly Dictionary<string, TimeSpan> expiries = [];
    private readonly HashSet<string> ended = [];

    /// <summary>Renews a node's presence, unless it was taken over.</summary>
    public bool Renew(string node, TimeSpan expiry)
    {
        expiries[node] = expiry;
        return !ended.Contains(node);
    }

    /// <summary>Whether a node's presence has not expired.</summary>
    public bool IsPresent(string node, TimeSpan now) => expiries.TryGetValue(node, out var expiry) && expiry > now;

    /// <summary>Marks a node as taken over.</summary>
    public void End(string node) => ended.Add(node);
}
