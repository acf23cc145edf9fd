using System.Collections.Immutable;
using Akka.Configuration;
using Akka.Persistence;
using Morag.Failover.Simulation.Nodes;

namespace Morag.Failover.Simulation.Storage;

/// <summary>The journal plugin of a node. It has no thread and no task: every answer is planned in the world.</summary>
internal sealed class SimulatedJournal : UntypedActor
{
    private readonly SimulatedNode node = NodeSetup.Of(Context.System);

    public SimulatedJournal(Config config) => _ = config;

    private SimulatedStore Store => node.Cluster.Store;

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case WriteMessages write:
                Write(write);
                break;
            case ReplayMessages replay:
                Replay(replay);
                break;
            case DeleteMessagesTo delete:
                Delete(delete);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Write(WriteMessages write)
    {
        List<IPersistentRepresentation> persistent =
        [
            .. write.Messages.OfType<AtomicWrite>().SelectMany(atomic => (IImmutableList<IPersistentRepresentation>)atomic.Payload),
        ];
        if (persistent.Count == 0)
        {
            Answer(write, persistent, cause: null);
            return;
        }

        var bytes = persistent.ConvertAll(
            each => (each.SequenceNr, StoredBytes.Of(each.Payload, node.System), (IStoredEvent)each.Payload));
        var (fate, there, back) = Store.Draw(node, isWrite: true);
        var id = persistent[0].PersistenceId;
        var owner = (IInternalActorRef)write.PersistentActor;
        node.World.After(there, () =>
        {
            if (fate is OperationFate.OwnerCrashesBefore)
            {
                node.Do(owner.Stop);
                return;
            }

            var cause = Store.Append(node, fate, id, bytes);
            if (cause is null)
            {
                var (sequenceNr, _, last) = bytes[^1];
                Store.ForgetIfSabotaged(id, sequenceNr, last, () => node.Do(owner.Stop));
            }

            if (fate is OperationFate.OwnerCrashesAfter)
            {
                node.Do(owner.Stop);
                return;
            }

            cause ??= fate is OperationFate.ReplyLost ? StoreErrors.NoReply() : null;
            node.World.After(back, () => Answer(write, persistent, cause), node);
        });
    }

    private static void Answer(WriteMessages write, List<IPersistentRepresentation> persistent, Exception? cause)
    {
        var (actor, instance) = (write.PersistentActor, write.ActorInstanceId);
        actor.Tell(
            cause is null ? WriteMessagesSuccessful.Instance : new WriteMessagesFailed(cause, persistent.Count), ActorRefs.NoSender);
        foreach (var message in write.Messages)
        {
            if (message is not AtomicWrite atomic)
            {
                actor.Tell(new LoopMessageSuccess(message.Payload, instance), message.Sender);
                continue;
            }

            foreach (var each in (IImmutableList<IPersistentRepresentation>)atomic.Payload)
            {
                actor.Tell(
                    cause is null ? new WriteMessageSuccess(each, instance) : new WriteMessageFailure(each, cause, instance), each.Sender);
            }
        }
    }

    private void Replay(ReplayMessages replay)
    {
        var (fate, there, back) = Store.Draw(node, isWrite: false);
        var actor = replay.PersistentActor;
        node.World.After(there, () =>
        {
            var stored = Store.Of(replay.PersistenceId);
            var (found, highest) = (stored.Read(replay.FromSequenceNr, replay.ToSequenceNr, replay.Max), stored.Highest);
            node.World.After(
                back,
                () =>
                {
                    if (StoreErrors.OfRead(fate) is { } cause)
                    {
                        actor.Tell(new ReplayMessagesFailure(cause), ActorRefs.NoSender);
                        return;
                    }

                    foreach (var (sequenceNr, bytes) in found)
                    {
                        var @event = new Persistent(bytes.Read(node.System), sequenceNr, replay.PersistenceId, bytes.Manifest);
                        actor.Tell(new ReplayedMessage(@event), ActorRefs.NoSender);
                    }

                    actor.Tell(new RecoverySuccess(highest), ActorRefs.NoSender);
                },
                node);
        });
    }

    private void Delete(DeleteMessagesTo delete)
    {
        var (fate, there, back) = Store.Draw(node, isWrite: true);
        node.World.After(there, () =>
        {
            var cause = StoreErrors.OfWrite(fate);
            if (cause is null)
            {
                Store.Of(delete.PersistenceId).RemoveUpTo(delete.ToSequenceNr);
            }

            object answer = cause is null
                ? new DeleteMessagesSuccess(delete.ToSequenceNr)
                : new DeleteMessagesFailure(cause, delete.ToSequenceNr);
            node.World.After(back, () => delete.PersistentActor.Tell(answer, ActorRefs.NoSender), node);
        });
    }
}
