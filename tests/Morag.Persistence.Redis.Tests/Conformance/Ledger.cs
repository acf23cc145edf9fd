using Akka.Actor;
using Akka.Persistence;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>A persistent actor with a list of texts. It reports what happens to it to its driver.</summary>
internal sealed class Ledger : UntypedPersistentActor
{
    private readonly IActorRef _driver;
    private List<string> _entries = [];

    public Ledger(string id, IActorRef driver, Recovery recovery)
    {
        PersistenceId = id;
        _driver = driver;
        Recovery = recovery;
    }

    public override string PersistenceId { get; }

    public override Recovery Recovery { get; }

    public static Props Props(string id, IActorRef driver, Recovery? recovery = null)
        => Akka.Actor.Props.Create(() => new Ledger(id, driver, recovery ?? Recovery.Default));

    protected override void OnRecover(object message)
    {
        switch (message)
        {
            case SnapshotOffer { Snapshot: string[] entries }: _entries = [.. entries]; break;
            case string entry: _entries.Add(entry); break;
            case RecoveryCompleted: _driver.Tell(new LedgerRecovered([.. _entries], LastSequenceNr)); break;
        }
    }

    protected override void OnCommand(object message)
    {
        switch (message)
        {
            case Enter enter: Persist(enter.Entry, Stored); break;
            case EnterTogether enter: PersistAll(enter.Entries, Stored); break;
            case EnterAsync enter:
                PersistAsync(enter.Entry, Stored);
                DeferAsync($"after {enter.Entry}", _driver.Tell);
                break;
            case EnterAndFail enter:
                PersistAsync(enter.Entry, Stored);
                throw new InvalidOperationException("The test asks this actor to fail.");
            case EnterUnserializable: Persist(new Unserializable(), _ => { }); break;
            case CreateSnapshot: SaveSnapshot(_entries.ToArray()); break;
            case DeleteUpTo delete: DeleteMessages(delete.SequenceNr); break;
            case SaveSnapshotSuccess or DeleteMessagesSuccess: _driver.Tell(message); break;
        }
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _driver.Tell(new RecoveryFailed(reason));
        base.OnRecoveryFailure(reason, message);
    }

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr)
        => _driver.Tell(new Rejected(sequenceNr));

    private void Stored(object entry)
    {
        _entries.Add((string)entry);
        _driver.Tell(entry);
    }

    internal sealed record LedgerRecovered(string[] Entries, long LastSequenceNr);

    internal sealed record RecoveryFailed(Exception Reason);

    internal sealed record Rejected(long SequenceNr);

    internal sealed record Enter(string Entry);

    internal sealed record EnterTogether(string[] Entries);

    internal sealed record EnterAsync(string Entry);

    internal sealed record EnterAndFail(string Entry);

    internal sealed record EnterUnserializable;

    internal sealed record CreateSnapshot;

    internal sealed record DeleteUpTo(long SequenceNr);
}
