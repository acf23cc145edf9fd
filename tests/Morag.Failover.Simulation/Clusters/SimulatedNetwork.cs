using Morag.Failover.Simulation.Faults;
using Morag.Failover.Simulation.Nodes;

namespace Morag.Failover.Simulation.Clusters;

/// <summary>The network between the nodes. Without faults it takes a millisecond or two and keeps the order between two nodes.</summary>
internal sealed class SimulatedNetwork(SimulatedCluster cluster)
{
    private readonly Dictionary<(int From, int To), TimeSpan> lastArrivals = [];

    /// <summary>What is wrong with it now.</summary>
    public List<MessageFaults> Faults { get; } = [];

    /// <summary>Delivers something from a node to whatever node runs in a slot when it arrives.</summary>
    public void Send(SimulatedNode from, int to, Action<SimulatedNode> deliver)
    {
        if (from.Slot == to && cluster.Current(to) == from)
        {
            deliver(from);
            return;
        }

        var delay = cluster.World.Seconds(0.0002, 0.002);
        var keepsOrder = true;
        foreach (var fault in Faults)
        {
            if (fault.Loses())
            {
                return;
            }

            if (fault.Duplicates())
            {
                Arrive(from.Slot, to, delay + fault.Delay(), deliver);
            }

            delay += fault.Delay();
            keepsOrder &= !fault.Reorders;
        }

        if (keepsOrder)
        {
            var last = lastArrivals.GetValueOrDefault((from.Slot, to));
            var at = cluster.World.Now + delay;
            at = at > last ? at : last + TimeSpan.FromTicks(1);
            lastArrivals[(from.Slot, to)] = at;
            delay = at - cluster.World.Now;
        }

        Arrive(from.Slot, to, delay, deliver);
    }

    private void Arrive(int from, int to, TimeSpan delay, Action<SimulatedNode> deliver)
    {
        if (cluster.IsCut(from, to))
        {
            return;
        }

        cluster.World.After(delay, () =>
        {
            if (!cluster.IsCut(from, to) && cluster.Current(to) is { } target)
            {
                target.Do(() => deliver(target));
            }
        });
    }
}
