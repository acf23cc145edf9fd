using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence guarantees to persistent actors, tested with real actors that are stopped and restarted.
/// </summary>
public abstract class PersistentActorConformance(Config journal, ITestOutputHelper output) : JournalTestKit(journal, output)
{
    [ServerFact]
    public void Should_recover_events_in_order_when_restarted()
    {
        var ledger = Start();
        ExpectRecovered([], 0);

        Enter(ledger, "a", "b", "c");

        Restart(ledger);
        ExpectRecovered(["a", "b", "c"], 3);
    }

    [ServerFact]
    public void Should_recover_all_events_of_a_batch_in_order_when_restarted()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        string[] entries = [.. Enumerable.Range(1, 200).Select(n => $"e-{n}")];

        ledger.Tell(new Ledger.EnterTogether(entries));
        ExpectStored(entries);

        Restart(ledger);
        ExpectRecovered(entries, 200);
    }

    [ServerFact]
    public void Should_store_events_in_order_when_earlier_writes_are_pending()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        string[] entries = [.. Enumerable.Range(1, 300).Select(n => $"e-{n}")];

        foreach (var entry in entries)
            ledger.Tell(new Ledger.EnterAsync(entry));
        foreach (var entry in entries)
            ExpectStored([entry, $"after {entry}"]);

        Restart(ledger);
        ExpectRecovered(entries, 300);
    }

    [ServerFact]
    public void Should_recover_from_the_snapshot_and_later_events_when_earlier_events_are_deleted()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b");
        ledger.Tell(new Ledger.CreateSnapshot());
        Actor.ExpectMsg<SaveSnapshotSuccess>(Bound).Metadata.SequenceNr.Should(2);
        ledger.Tell(new Ledger.DeleteUpTo(2));
        Actor.ExpectMsg<DeleteMessagesSuccess>(Bound);
        Enter(ledger, "c");

        Restart(ledger);

        ExpectRecovered(["a", "b", "c"], 3);
    }

    [ServerFact]
    public void Should_never_reuse_a_number_when_all_events_are_deleted()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b");
        ledger.Tell(new Ledger.DeleteUpTo(long.MaxValue));
        Actor.ExpectMsg<DeleteMessagesSuccess>(Bound);

        var restarted = Restart(ledger);
        ExpectRecovered([], 2);
        Enter(restarted, "c");

        Restart(restarted);
        ExpectRecovered(["c"], 3);
    }

    [ServerFact]
    public void Should_continue_after_the_highest_number_when_recovery_is_off()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b");

        var unrecovered = Restart(ledger, Recovery.None);
        ExpectRecovered([], 2);
        Enter(unrecovered, "c");

        Restart(unrecovered);
        ExpectRecovered(["a", "b", "c"], 3);
    }

    [ServerTheory]
    [InlineData(3, long.MaxValue, new[] { "a", "b", "c" })]
    [InlineData(long.MaxValue, 2, new[] { "a", "b" })]
    public void Should_recover_only_the_requested_events_when_recovery_is_limited(long upTo, long most, string[] expected)
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b", "c", "d");

        Restart(ledger, new Recovery(SnapshotSelectionCriteria.Latest, upTo, most));

        Actor.ExpectMsg<Ledger.LedgerRecovered>(Bound).Entries.Should(expected);
    }

    [ServerFact]
    public void Should_recover_pending_writes_in_order_when_the_actor_is_restarted()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        string[] entries = [.. Enumerable.Range(1, 50).Select(n => $"e-{n}")];

        foreach (var entry in entries)
        {
            ledger.Tell(new Ledger.EnterAndFail(entry));
            // The handler is gone after a restart, so only the recovery shows whether the event is stored.
            Actor.FishForMessage<Ledger.LedgerRecovered>(_ => true, Bound);
        }

        Restart(ledger);
        var recovered = Actor.ExpectMsg<Ledger.LedgerRecovered>(Bound);
        recovered.Entries.Length.Should((int)recovered.LastSequenceNr);
        recovered.Entries.Should(recovered.Entries.OrderBy(entry => Array.IndexOf(entries, entry)));
    }

    [ServerFact]
    public void Should_keep_the_events_of_actors_separate_when_many_write_at_once()
    {
        var ledgers = Enumerable.Range(0, 100).Select(n => (Name: $"{Id}-{n}", Driver: CreateTestProbe())).ToList();
        foreach (var (name, driver) in ledgers)
        {
            var ledger = Sys.ActorOf(Ledger.Props(name, driver.Ref));
            ledger.Tell(new Ledger.EnterTogether([name, "x"]));
            ledger.Tell(new Ledger.Enter("y"));
        }

        foreach (var (_, driver) in ledgers)
            driver.FishForMessage<string>(entry => entry == "y", Bound);
        foreach (var (name, driver) in ledgers)
        {
            Sys.ActorOf(Ledger.Props(name, driver.Ref));
            driver.ExpectMsg<Ledger.LedgerRecovered>(Bound).Entries.Should([name, "x", "y"]);
        }
    }

    private IActorRef Start(Recovery? recovery = null) => Sys.ActorOf(Ledger.Props(Id, Actor.Ref, recovery));

    private IActorRef Restart(IActorRef ledger, Recovery? recovery = null)
    {
        Actor.Watch(ledger);
        Sys.Stop(ledger);
        Actor.ExpectTerminated(ledger, Bound);
        return Start(recovery);
    }

    private void Enter(IActorRef ledger, params string[] entries)
    {
        foreach (var entry in entries)
            ledger.Tell(new Ledger.Enter(entry));
        ExpectStored(entries);
    }

    private void ExpectStored(string[] entries)
    {
        foreach (var entry in entries)
            Actor.ExpectMsg<string>(Bound).Should(entry);
    }

    private void ExpectRecovered(string[] entries, long last)
    {
        var recovered = Actor.ExpectMsg<Ledger.LedgerRecovered>(Bound);
        recovered.Entries.Should(entries);
        recovered.LastSequenceNr.Should(last);
    }
}
