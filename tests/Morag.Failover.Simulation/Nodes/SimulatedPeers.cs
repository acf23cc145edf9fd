using Akka.Cluster;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Simulation.Clusters;

namespace Morag.Failover.Simulation.Nodes;

/// <summary>The other nodes as one node sees them: beats to them cross the network.</summary>
internal sealed class SimulatedPeers(SimulatedNode node) : INodePeers
{
    private IActorRef? watch;

    /// <summary>Tells the node's gateway watch what the cluster says.</summary>
    public void Announce(object happened) => watch?.Tell(happened, ActorRefs.NoSender);

    /// <summary>Delivers a beat of another node.</summary>
    public void Receive(object beat, IActorRef sender) => watch?.Tell(beat, sender);

    public void Subscribe(IActorRef subscriber)
    {
        watch = subscriber;
        node.Cluster.TellMembers(node);
    }

    public void Unsubscribe(IActorRef subscriber) => watch = null;

    public bool IsOther(Member member) => !member.Address.Equals(SimulatedMember.AddressOf(node.Slot));

    public ICanTell WatchOf(Address address)
    {
        var slot = Enumerable.Range(0, node.Cluster.Count).Single(each => SimulatedMember.AddressOf(each).Equals(address));
        return new CallbackRef(node.System.Provider, $"watch-{slot}", (beat, sender) => node.Cluster.Network.Send(
            node, slot, target => target.Peers.Receive(beat, node.Seen(sender, target))));
    }
}
