using Akka.Cluster.Sharding;
using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Simulation.Nodes;

/// <summary>
/// Hosts the entities of one kind on one node, as a shard region does: starts the entity that a message is for, holds messages back while
/// it stops, and hands shards off.
/// </summary>
internal sealed class EntityHost(IMessageExtractor extractor, Func<string, Props> props, Action<object, IActorRef> moved) : UntypedActor
{
    private readonly Dictionary<string, List<(object Message, IActorRef Sender)>> stopping = [];
    private readonly Dictionary<string, Action> handingOff = [];
    private readonly Dictionary<string, List<(object Message, IActorRef Sender)>> forNewHost = [];

    // An owner that fails is stopped by its supervisor, and a supervisor that throws is a bug that the log reveals.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case HandOff handOff:
                Begin(handOff);
                break;
            case Passivate passivate:
                stopping.TryAdd(Sender.Path.Name, []);
                Sender.Tell(passivate.StopMessage);
                break;
            case Terminated terminated:
                OnStopped(terminated.ActorRef.Path.Name);
                break;
            default:
                Deliver(message);
                break;
        }
    }

    private void Begin(HandOff handOff)
    {
        handingOff[handOff.Shard] = handOff.Done;
        forNewHost.TryAdd(handOff.Shard, []);
        foreach (var entity in Running(handOff.Shard))
        {
            entity.Tell(StopEntity.Instance);
        }

        EndIfEmpty(handOff.Shard);
    }

    private void EndIfEmpty(string shard)
    {
        if (handingOff.ContainsKey(shard) && Running(shard).Count == 0)
        {
            handingOff.Remove(shard, out var done);
            forNewHost.Remove(shard, out var waiting);
            done!();
            waiting!.ForEach(each => moved(each.Message, each.Sender));
        }
    }

    private List<IActorRef> Running(string shard) =>
        Context.GetChildren().Where(child => extractor.ShardId(child.Path.Name) == shard).OrderBy(child => child.Path.Name).ToList();

    private void Deliver(object message)
    {
        if (extractor.EntityId(message) is not { } id)
        {
            Unhandled(message);
        }
        else if (forNewHost.TryGetValue(extractor.ShardId(id), out var waiting) || stopping.TryGetValue(id, out waiting))
        {
            waiting.Add((message, Sender));
        }
        else
        {
            Entity(id).Forward(message);
        }
    }

    private void OnStopped(string id)
    {
        EndIfEmpty(extractor.ShardId(id));
        if (stopping.Remove(id, out var waiting))
        {
            waiting.ForEach(each => Self.Tell(each.Message, each.Sender));
        }
    }

    private IActorRef Entity(string id)
    {
        var running = Context.Child(id);
        return running.IsNobody() ? Context.Watch(Context.ActorOf(props(id), id)) : running;
    }

    /// <summary>Stops the entities of a shard, and calls back when they have ended.</summary>
    internal sealed record HandOff(string Shard, Action Done) : INoSerializationVerificationNeeded;
}
