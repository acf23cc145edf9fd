using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.Persistence.Snapshot;

namespace Morag.Failover.Actors.Tests.Storage;

/// <summary>A journal on a <see cref="SpecStore"/>, which decides the fate of each write.</summary>
public sealed class SpecJournal : AsyncWriteJournal
{
    private readonly ActorSystem system = Context.System;
    private readonly SpecStore store = SpecStoreSetup.Of(Context.System);
    private readonly Dictionary<string, IActorRef> writers = [];

    public SpecJournal(Config config) => _ = config;

    protected override bool AroundReceive(Receive receive, object message)
    {
        if (message is WriteMessages write && write.Messages.OfType<AtomicWrite>().FirstOrDefault() is { } first)
        {
            writers[first.PersistenceId] = write.PersistentActor;
        }

        return base.AroundReceive(receive, message);
    }

    protected override Task<IImmutableList<Exception?>?> WriteMessagesAsync(
        IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        foreach (var write in messages)
        {
            foreach (var @event in (IImmutableList<IPersistentRepresentation>)write.Payload)
            {
                Write(@event);
            }
        }

        return Task.FromResult<IImmutableList<Exception?>?>(null);
    }

    public override Task<long> ReadHighestSequenceNrAsync(string persistenceId, long fromSequenceNr, CancellationToken cancellationToken) =>
        Task.FromResult(store.Of(persistenceId).Highest);

    public override Task ReplayMessagesAsync(
        IActorContext context,
        string persistenceId,
        long fromSequenceNr,
        long toSequenceNr,
        long max,
        Action<IPersistentRepresentation> recoveryCallback)
    {
        var replayed = store.Of(persistenceId).Read(events => events
            .Where(item => item.Key >= fromSequenceNr && item.Key <= toSequenceNr)
            .Select(item => new Persistent(item.Value.Read(system), item.Key, persistenceId, item.Value.Manifest))
            .ToList());
        foreach (var item in replayed.Take((int)Math.Min(max, int.MaxValue)))
        {
            recoveryCallback(item);
        }

        return Task.CompletedTask;
    }

    protected override Task DeleteMessagesToAsync(string persistenceId, long toSequenceNr, CancellationToken cancellationToken)
    {
        store.Of(persistenceId).RemoveUpTo(toSequenceNr);
        return Task.CompletedTask;
    }

    private void Write(IPersistentRepresentation @event)
    {
        var fate = store.Fate(@event);
        if (fate is WriteFate.Stored or WriteFate.KilledAfter)
        {
            store.Of(@event.PersistenceId).Append(@event.SequenceNr, SpecStore.Item.Of(@event.Payload, system));
        }

        if (fate is WriteFate.KilledBefore or WriteFate.KilledAfter)
        {
            // A system message: the writer ends before it sees any answer to this write.
            ((IInternalActorRef)writers[@event.PersistenceId]).Stop();
        }

        if (fate != WriteFate.Stored)
        {
            // Whoever was killed hears nothing of it, and what came behind it in the same write is lost with it.
            throw new InvalidOperationException("the spec fails this write");
        }
    }
}

/// <summary>Snapshots on a <see cref="SpecStore"/>.</summary>
public sealed class SpecSnapshots : SnapshotStore
{
    private readonly ActorSystem system = Context.System;
    private readonly SpecStore store = SpecStoreSetup.Of(Context.System);

    public SpecSnapshots(Config config) => _ = config;

    protected override Task<SelectedSnapshot?> LoadAsync(
        string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        Task.FromResult(store.Of(persistenceId).Latest(criteria.MaxSequenceNr) is { } latest
            ? new SelectedSnapshot(new SnapshotMetadata(persistenceId, latest.SequenceNr, DateTime.UnixEpoch), latest.Snapshot.Read(system))
            : null);

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        store.Of(metadata.PersistenceId).Save(metadata.SequenceNr, SpecStore.Item.Of(snapshot, system));
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken)
    {
        store.Of(metadata.PersistenceId).RemoveSnapshots(number => number == metadata.SequenceNr);
        return Task.CompletedTask;
    }

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        store.Of(persistenceId).RemoveSnapshots(number => number <= criteria.MaxSequenceNr);
        return Task.CompletedTask;
    }
}
