using Akka.Configuration;
using Akka.Persistence;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Simulation.Nodes;

namespace Morag.Failover.Simulation.Storage;

/// <summary>The snapshot plugin of a node.</summary>
internal sealed class SimulatedSnapshots : UntypedActor
{
    private readonly SimulatedNode node = NodeSetup.Of(Context.System);

    public SimulatedSnapshots(Config config) => _ = config;

    private SimulatedStore Store => node.Cluster.Store;

    protected override void OnReceive(object message)
    {
        var caller = Sender;
        switch (message)
        {
            case LoadSnapshot load:
                Do(caller, isWrite: false, StoreErrors.OfRead, () => Load(load), cause => new LoadSnapshotFailed(cause));
                break;
            case SaveSnapshot save:
                var bytes = StoredBytes.Of(save.Snapshot, node.System);
                Do(
                    caller,
                    isWrite: true,
                    StoreErrors.OfWrite,
                    () =>
                    {
                        Store.Of(save.Metadata.PersistenceId).Save(save.Metadata.SequenceNr, bytes);
                        return new SaveSnapshotSuccess(save.Metadata);
                    },
                    cause => new SaveSnapshotFailure(save.Metadata, cause));
                break;
            case DeleteSnapshots delete:
                Do(
                    caller,
                    isWrite: true,
                    StoreErrors.OfWrite,
                    () =>
                    {
                        Store.Of(delete.PersistenceId).RemoveSnapshotsUpTo(delete.Criteria.MaxSequenceNr);
                        return new DeleteSnapshotsSuccess(delete.Criteria);
                    },
                    cause => new DeleteSnapshotsFailure(delete.Criteria, cause));
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    private void Do(
        IActorRef caller, bool isWrite, Func<OperationFate, Exception?> error, Func<object> operation, Func<Exception, object> failed)
    {
        var (fate, there, back) = Store.Draw(node, isWrite);
        node.World.After(there, () =>
        {
            var answer = error(fate) is { } cause ? failed(cause) : operation();
            node.World.After(back, () => caller.Tell(answer, ActorRefs.NoSender), node);
        });
    }

    private LoadSnapshotResult Load(LoadSnapshot load)
    {
        var found = Store.Of(load.PersistenceId).Latest(Math.Min(load.Criteria.MaxSequenceNr, load.ToSequenceNr));
        var selected = found is { } latest
            ? new SelectedSnapshot(
                new SnapshotMetadata(load.PersistenceId, latest.SequenceNr, DateTime.UnixEpoch), latest.Bytes.Read(node.System))
            : null;
        return new LoadSnapshotResult(selected, load.ToSequenceNr);
    }
}

/// <summary>Erases on the simulated store.</summary>
internal sealed class SimulatedEraser(SimulatedStore store) : IHistoryEraser
{
    public Task EraseAsync(string persistenceId, long sequenceNr)
    {
        if (!store.Of(persistenceId).Erase(sequenceNr))
        {
            return Task.FromException(new InvalidOperationException("somebody has written since"));
        }

        store.OnErased(persistenceId);
        return Task.CompletedTask;
    }
}
