using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>
/// An actor system with journal and snapshot store. Sends them the messages of persistent actors, and awaits the reply to each call.
/// </summary>
internal sealed class JournalClient : IAsyncDisposable
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(120);

    private readonly IActorRef _journal;
    private readonly Lazy<IActorRef> _snapshots;

    public JournalClient(Config config)
        : this(
            ActorSystem.Create($"client-{Guid.NewGuid():n}", config.WithFallback("akka.loglevel = OFF, akka.stdout-loglevel = OFF")),
            journal: null,
            snapshotStore: null)
    {
    }

    private JournalClient(ActorSystem system, string? journal, string? snapshotStore)
    {
        System = system;
        _journal = Akka.Persistence.Persistence.Instance.Apply(system).JournalFor(journal);
        _snapshots = new Lazy<IActorRef>(() => Akka.Persistence.Persistence.Instance.Apply(system).SnapshotStoreFor(snapshotStore));
    }

    public ActorSystem System { get; }

    /// <summary>Incarnation of the writing actor.</summary>
    public string Writer { get; set; } = "writer";

    /// <summary>Creates a client of other plugins in the same actor system. This client still owns the system.</summary>
    public JournalClient Through(string journal, string snapshotStore) => new(System, journal, snapshotStore);

    /// <summary>Stores events as one batch.</summary>
    /// <exception cref="Exception">The failure of the write.</exception>
    public Task WriteAsync(string id, long first, int count = 1, object? payload = null)
        => WriteAsync(new AtomicWrite(
            Enumerable.Range(0, count).Select(n => (IPersistentRepresentation)Event(id, first + n, payload)).ToImmutableList()));

    /// <summary>Stores events with these numbers, in one call with an atomic write for each.</summary>
    /// <exception cref="Exception">The failure of the call.</exception>
    public Task WriteTogetherAsync(string id, params long[] sequenceNrs)
        => WriteAsync([.. sequenceNrs.Select(sequenceNr => new AtomicWrite(Event(id, sequenceNr)))]);

    /// <summary>Stores events in one call with an atomic write for each.</summary>
    /// <exception cref="Exception">The failure of the call.</exception>
    public Task WriteEachAsync(string id, int first, int count, Func<int, object> payload)
        => WriteAsync([.. Enumerable.Range(first, count).Select(number => new AtomicWrite(Event(id, number, payload(number))))]);

    /// <summary>Reads the stored events and the highest sequence number.</summary>
    /// <exception cref="Exception">The failure of the call.</exception>
    public Task<RecoveredHistory> RecoverAsync(string id, long from = 1)
        => AskAsync<RecoveredHistory>(caller => _journal.Tell(new ReplayMessages(from, long.MaxValue, long.MaxValue, id, caller)));

    public Task DeleteAsync(string id, long upTo) => AskAsync<int>(caller => _journal.Tell(new DeleteMessagesTo(id, upTo, caller)));

    public Task SaveSnapshotAsync(SnapshotMetadata metadata, object snapshot)
        => AskAsync<int>(caller => _snapshots.Value.Tell(new SaveSnapshot(metadata, snapshot), caller));

    public Task DeleteSnapshotsAsync(string id, SnapshotSelectionCriteria criteria)
        => AskAsync<int>(caller => _snapshots.Value.Tell(new DeleteSnapshots(id, criteria), caller));

    /// <summary>Loads the newest snapshot, or null.</summary>
    public async Task<SelectedSnapshot?> LoadSnapshotAsync(string id)
    {
        var load = new LoadSnapshot(id, SnapshotSelectionCriteria.Latest, long.MaxValue);
        return (await AskAsync<LoadSnapshotResult>(caller => _snapshots.Value.Tell(load, caller))).Snapshot;
    }

    public async ValueTask DisposeAsync() => await System.Terminate();

    private Persistent Event(string id, long sequenceNr, object? payload = null)
        => new Persistent(payload ?? $"e-{sequenceNr}", sequenceNr, id, writerGuid: Writer);

    private Task<int> WriteAsync(params AtomicWrite[] writes)
        => AskAsync<int>(caller => _journal.Tell(new WriteMessages(writes, caller, 1)));

    private async Task<T> AskAsync<T>(Action<IActorRef> ask)
    {
        var reply = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        var caller = System.ActorOf(Props.Create(() => new ReplyActor(reply)));
        ask(caller);
        try
        {
            return (T)await reply.Task.WaitAsync(Bound);
        }
        finally
        {
            System.Stop(caller);
        }
    }

    /// <summary>Result of a recovery.</summary>
    public sealed record RecoveredHistory(IReadOnlyList<IPersistentRepresentation> Events, long Highest)
    {
        public IReadOnlyList<long> SequenceNrs { get; } = [.. Events.Select(e => e.SequenceNr)];
    }

    private sealed class ReplyActor : UntypedActor
    {
        private readonly TaskCompletionSource<object> _reply;
        private readonly List<IPersistentRepresentation> _replayed = [];

        public ReplyActor(TaskCompletionSource<object> reply) => _reply = reply;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case WriteMessagesFailed failed: _reply.TrySetException(failed.Cause); break;
                case WriteMessageRejected rejected: _reply.TrySetException(new WriteRejectedException(rejected.Cause)); break;
                case WriteMessageSuccess: _reply.TrySetResult(0); break;
                case DeleteMessagesSuccess: _reply.TrySetResult(0); break;
                case DeleteMessagesFailure failure: _reply.TrySetException(failure.Cause); break;
                case ReplayedMessage replayed: _replayed.Add(replayed.Persistent); break;
                case RecoverySuccess success: _reply.TrySetResult(new RecoveredHistory([.. _replayed], success.HighestSequenceNr)); break;
                case SaveSnapshotSuccess: _reply.TrySetResult(0); break;
                case DeleteSnapshotsSuccess: _reply.TrySetResult(0); break;
                case DeleteSnapshotsFailure failure: _reply.TrySetException(failure.Cause); break;
                case SaveSnapshotFailure failure: _reply.TrySetException(failure.Cause); break;
                case LoadSnapshotResult result: _reply.TrySetResult(result); break;
                case LoadSnapshotFailed failure: _reply.TrySetException(failure.Cause); break;
                case ReplayMessagesFailure failure: _reply.TrySetException(failure.Cause); break;
            }
        }
    }
}

/// <summary>The journal rejected a write, as it may only do with events that cannot be serialized.</summary>
internal sealed class WriteRejectedException(Exception cause) : Exception($"Rejected: {cause.Message}", cause);
