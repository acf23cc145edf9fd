using Morag.Failover.Simulation.Clusters;

namespace Morag.Failover.Simulation.Nodes;

/// <summary>An actor's reference that only calls a function.</summary>
internal sealed class CallbackRef(IActorRefProvider provider, string name, Action<object, IActorRef> received) : MinimalActorRef
{
    public override ActorPath Path { get; } = new RootActorPath(provider.DefaultAddress) / "callbacks" / name;

    public override IActorRefProvider Provider { get; } = provider;

    protected override void TellInternal(object message, IActorRef sender) => received(message, sender);
}

/// <summary>Where the answer to one call goes.</summary>
/// <param name="node">The node that passed the call on.</param>
/// <param name="name">A name.</param>
/// <param name="sent">Called when an owner sends the answer.</param>
/// <param name="received">Called when the answer reaches the node.</param>
internal sealed class ReplyRef(SimulatedNode node, string name, Action<object> sent, Action<object> received) : MinimalActorRef
{
    public override ActorPath Path { get; } = new RootActorPath(node.System.Provider.DefaultAddress) / "calls" / name;

    public override IActorRefProvider Provider => node.System.Provider;

    /// <summary>Records that an owner on another node sent the answer.</summary>
    public void Sent(object message) => sent(message);

    /// <summary>Receives an answer from another node.</summary>
    public void Receive(object message) => received(message);

    protected override void TellInternal(object message, IActorRef sender)
    {
        sent(message);
        received(message);
    }
}

/// <summary>The shard region of one kind of owners as one node sees it.</summary>
internal sealed class RouterRef(SimulatedNode node, RegionKind kind) : MinimalActorRef
{
    public override ActorPath Path { get; } = new RootActorPath(node.System.Provider.DefaultAddress) / "regions" / kind.ToString();

    public override IActorRefProvider Provider => node.System.Provider;

    protected override void TellInternal(object message, IActorRef sender) => node.Route(kind, message, sender);
}

/// <summary>An actor of one node as another node sees it: what is sent to it crosses the network.</summary>
internal sealed class PeerRef : MinimalActorRef
{
    private readonly SimulatedNode holder;
    private readonly SimulatedNode home;
    private readonly IActorRef actor;
    private ActorPath? path;

    private PeerRef(SimulatedNode holder, SimulatedNode home, IActorRef actor) =>
        (this.holder, this.home, this.actor) = (holder, home, actor);

    /// <summary>With the address of its node, by which owners know the gateway of a worker.</summary>
    public override ActorPath Path => path ??= new RootActorPath(SimulatedMember.AddressOf(home.Slot)) / actor.Path.Elements;

    public override IActorRefProvider Provider => holder.System.Provider;

    /// <summary>An actor that <paramref name="from"/> refers to, as <paramref name="to"/> refers to it.</summary>
    public static IActorRef Seen(IActorRef actor, SimulatedNode from, SimulatedNode to)
    {
        var (home, itself) = actor is PeerRef peer ? (peer.home, peer.actor) : (from, actor);
        return itself is null || itself.IsNobody() || home == to ? itself! : new PeerRef(to, home, itself);
    }

    protected override void TellInternal(object message, IActorRef sender)
    {
        var reply = actor as ReplyRef;
        reply?.Sent(message);
        if (reply is null && holder.Cluster.Sabotage.Loses(message))
        {
            return;
        }

        holder.Cluster.Network.Send(holder, home.Slot, target =>
        {
            if (target != home)
            {
                // The node that sent the call has restarted.
            }
            else if (reply is null)
            {
                actor.Tell(message, holder.Seen(sender, home));
            }
            else
            {
                reply.Receive(message);
            }
        });
    }
}
