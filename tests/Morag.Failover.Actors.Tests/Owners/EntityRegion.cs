using Akka.Cluster.Sharding;

namespace Morag.Failover.Actors.Tests.Owners;

/// <summary>
/// A shard region without a cluster: starts the entity that a message is for, holds messages back while it passivates, and lets it
/// crash when a spec says so.
/// </summary>
internal sealed class EntityRegion : UntypedActor
{
    private readonly IMessageExtractor extractor;
    private readonly Func<string, Props> props;
    private readonly Dictionary<string, List<(object Message, IActorRef Sender)>> heldBack = [];
    private bool isDown;

    public EntityRegion(IMessageExtractor extractor, Func<string, Props> props)
    {
        this.extractor = extractor;
        this.props = props;
    }

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case Crash crash:
                Stop(crash.Entity is { } one ? [Context.Child(one)] : Context.GetChildren());
                break;
            case GoDown:
                isDown = true;
                Stop(Context.GetChildren());
                break;
            case ComeBack:
                isDown = false;
                break;
            case Start start when !isDown:
                Entity(start.Entity);
                break;
            case Start:
                break;
            case Passivate passivate:
                heldBack.TryAdd(Sender.Path.Name, []);
                Sender.Tell(passivate.StopMessage);
                break;
            case Terminated terminated:
                DeliverHeldBack(terminated.ActorRef.Path.Name);
                break;
            default:
                Deliver(message);
                break;
        }
    }

    private static void Stop(IEnumerable<IActorRef> entities)
    {
        foreach (var entity in entities)
        {
            Context.Stop(entity);
        }
    }

    private void Deliver(object message)
    {
        if (isDown || extractor.EntityId(message) is not { } id)
        {
            Unhandled(message);
        }
        else if (heldBack.TryGetValue(id, out var waiting))
        {
            waiting.Add((message, Sender));
        }
        else
        {
            Entity(id).Forward(message);
        }
    }

    private void DeliverHeldBack(string id)
    {
        if (heldBack.Remove(id, out var waiting))
        {
            waiting.ForEach(each => Entity(id).Tell(each.Message, each.Sender));
        }
    }

    private IActorRef Entity(string id)
    {
        var running = Context.Child(id);
        return running.IsNobody() ? Context.Watch(Context.ActorOf(props(id), id)) : running;
    }

    /// <summary>Starts an entity that does not run.</summary>
    internal sealed record Start(string Entity) : INoSerializationVerificationNeeded;

    /// <summary>Ends an entity, or all of them, without warning.</summary>
    internal sealed record Crash(string? Entity = null) : INoSerializationVerificationNeeded;

    /// <summary>Ends all entities without warning; messages are lost from then on.</summary>
    internal sealed record GoDown : INoSerializationVerificationNeeded;

    /// <summary>Messages start entities again.</summary>
    internal sealed record ComeBack : INoSerializationVerificationNeeded;
}
