using Akka.Actor;
using Akka.Persistence;

namespace Morag.Samples.Journal;

/// <summary>Command: adds an amount. Answered with <see cref="Balance"/> once the event is stored.</summary>
internal sealed record Deposit(int Amount);

/// <summary>Reply, and snapshot: the balance, including the deposit.</summary>
internal sealed record Balance(int Amount);

/// <summary>Event. In a real program, bind events to a serializer whose format you control; here Akka.NET's default JSON will do.</summary>
internal sealed record Deposited(int Amount);

/// <summary>An account whose balance is the sum of its stored events.</summary>
internal sealed class Account : ReceivePersistentActor
{
    private const int SnapshotEvery = 100;

    private int balance;

    public Account(string number)
    {
        PersistenceId = $"account-{number}";

        Recover<Deposited>(Apply);
        Recover<SnapshotOffer>(offer => balance = ((Balance)offer.Snapshot).Amount);

        Command<Deposit>(deposit => Persist(new Deposited(deposit.Amount), deposited =>
        {
            // The journal has the event, so it is safe to answer now, and not before.
            Apply(deposited);
            Sender.Tell(new Balance(balance));
            if (LastSequenceNr % SnapshotEvery == 0)
            {
                SaveSnapshot(new Balance(balance));
            }
        }));
        Command<SaveSnapshotSuccess>(saved => DeleteSnapshots(new SnapshotSelectionCriteria(saved.Metadata.SequenceNr - 1)));
    }

    public override string PersistenceId { get; }

    private void Apply(Deposited deposited) => balance += deposited.Amount;
}
