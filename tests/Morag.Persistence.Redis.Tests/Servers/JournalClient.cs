using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;

namespace Morag.Persistence.Redis.Tests.Servers;

/// <summary>An actor system of its own on journal and snapshot store, spoken to as persistent actors do, with an answer for each call.</summary>
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

    /// <summary>The incarnation of the actor for which this client writes.</summary>
    public string Writer { get; set; } = "writer";

    /// <summary>Speaks to other plugins of the same system, which remains this client's.</summary>
    public JournalClient Through(string journal, string snapshotStore) => new(System, journal, snapshotStore);

    /// <summary>Stores events as one batch.</summary>
    /// <exception cref="Exception">The failure that the journal answered.</exception>
    public Task WriteAsync(string id, long first, int count = 1, object? payload = null)
        => WriteAsync(new AtomicWrite(Enumerable.Range(0, count).Select(n => (IPersistentRepresentation)Event(id, first + n, payload)).ToImmutableList()));

    /// <summary>Stores events with these numbers, each for itself, but asked for together.</summary>
    /// <exception cref="Exception">The failure that the journal answered.</exception>
    public Task WriteTogetherAsync(string id, params long[] sequenceNrs)
        => WriteAsync([.. sequenceNrs.Select(sequenceNr => new AtomicWrite(Event(id, sequenceNr)))]);

    /// <summary>Stores events, each for itself, but asked for together.</summary>
    /// <exception cref="Exception">The failure that the journal answered.</exception>
    public Task WriteEachAsync(string id, int first, int count, Func<int, object> payload)
        => WriteAsync([.. Enumerable.Range(first, count).Select(number => new AtomicWrite(Event(id, number, payload(number))))]);

    /// <summary>The stored events, and the highest sequence number.</summary>
    /// <exception cref="Exception">The failure that the journal answered.</exception>
    public Task<Recovered> RecoverAsync(string id, long from = 1)
        => AskAsync<Recovered>(caller => _journal.Tell(new ReplayMessages(from, long.MaxValue, long.MaxValue, id, caller)));

    public Task DeleteAsync(string id, long upTo) => AskAsync<int>(caller => _journal.Tell(new DeleteMessagesTo(id, upTo, caller)));

    public Task SaveSnapshotAsync(SnapshotMetadata metadata, object snapshot)
        => AskAsync<int>(caller => _snapshots.Value.Tell(new SaveSnapshot(metadata, snapshot), caller));

    public Task DeleteSnapshotsAsync(string id, SnapshotSelectionCriteria criteria)
        => AskAsync<int>(caller => _snapshots.Value.Tell(new DeleteSnapshots(id, criteria), caller));

    /// <summary>The newest snapshot, or null.</summary>
    public async Task<SelectedSnapshot?> LoadSnapshotAsync(string id)
        => (await AskAsync<LoadSnapshotResult>(caller => _snapshots.Value.Tell(new LoadSnapshot(id, SnapshotSelectionCriteria.Latest, long.MaxValue), caller))).Snapshot;

    public async ValueTask DisposeAsync() => await System.Terminate();

    private Persistent Event(string id, long sequenceNr, object? payload = null)
        => new Persistent(payload ?? $"e-{sequenceNr}", sequenceNr, id, writerGuid: Writer);

    private Task<int> WriteAsync(params AtomicWrite[] writes) => AskAsync<int>(caller => _journal.Tell(new WriteMessages(writes, caller, 1)));

    private async Task<T> AskAsync<T>(Action<IActorRef> ask)
    {
        var answer = new TaskCompletionSource<object>(TaskCreationOptions.RunContinuationsAsynchronously);
        var caller = System.ActorOf(Props.Create(() => new Caller(answer)));
        ask(caller);
        try
        {
            return (T)await answer.Task.WaitAsync(Bound);
        }
        finally
        {
            System.Stop(caller);
        }
    }

    /// <summary>What a recovery has found.</summary>
    public sealed record Recovered(IReadOnlyList<IPersistentRepresentation> Events, long Highest)
    {
        public IReadOnlyList<long> SequenceNrs { get; } = [.. Events.Select(e => e.SequenceNr)];
    }

    private sealed class Caller : UntypedActor
    {
        private readonly TaskCompletionSource<object> _answer;
        private readonly List<IPersistentRepresentation> _replayed = [];

        public Caller(TaskCompletionSource<object> answer) => _answer = answer;

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case WriteMessagesFailed failed: _answer.TrySetException(failed.Cause); break;
                case WriteMessageRejected rejected: _answer.TrySetException(new WriteRejectedException(rejected.Cause)); break;
                case WriteMessageSuccess: _answer.TrySetResult(0); break;
                case DeleteMessagesSuccess: _answer.TrySetResult(0); break;
                case DeleteMessagesFailure failure: _answer.TrySetException(failure.Cause); break;
                case ReplayedMessage replayed: _replayed.Add(replayed.Persistent); break;
                case RecoverySuccess success: _answer.TrySetResult(new Recovered([.. _replayed], success.HighestSequenceNr)); break;
                case SaveSnapshotSuccess: _answer.TrySetResult(0); break;
                case DeleteSnapshotsSuccess: _answer.TrySetResult(0); break;
                case DeleteSnapshotsFailure failure: _answer.TrySetException(failure.Cause); break;
                case SaveSnapshotFailure failure: _answer.TrySetException(failure.Cause); break;
                case LoadSnapshotResult result: _answer.TrySetResult(result); break;
                case LoadSnapshotFailed failure: _answer.TrySetException(failure.Cause); break;
                case ReplayMessagesFailure failure: _answer.TrySetException(failure.Cause); break;
            }
        }
    }
}

/// <summary>The journal rejected a write, which is for what cannot be serialized only.</summary>
internal sealed class WriteRejectedException(Exception cause) : Exception($"Rejected: {cause.Message}", cause);
