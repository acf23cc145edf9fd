using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence promises to a persistent actor, held to real ones that are stopped and started
/// again.
/// </summary>
public abstract class PersistentActorConformance(Config journal, ITestOutputHelper output) : JournalTestKit(journal, output)
{
    [ServerFact]
    public void Should_recover_what_was_persisted_in_order()
    {
        var ledger = Start();
        ExpectRecovered([], 0);

        Enter(ledger, "a", "b", "c");

        StartAgain(ledger);
        ExpectRecovered(["a", "b", "c"], 3);
    }

    [ServerFact]
    public void Should_persist_all_events_of_a_batch_in_order()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        string[] entries = [.. Enumerable.Range(1, 200).Select(n => $"e-{n}")];

        ledger.Tell(new Ledger.EnterTogether(entries));
        ExpectStored(entries);

        StartAgain(ledger);
        ExpectRecovered(entries, 200);
    }

    [ServerFact]
    public void Should_store_in_order_what_is_persisted_while_writes_are_under_way()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        string[] entries = [.. Enumerable.Range(1, 300).Select(n => $"e-{n}")];

        foreach (var entry in entries)
            ledger.Tell(new Ledger.EnterAsync(entry));
        foreach (var entry in entries)
            ExpectStored([entry, $"behind {entry}"]);

        StartAgain(ledger);
        ExpectRecovered(entries, 300);
    }

    [ServerFact]
    public void Should_recover_from_the_snapshot_and_the_events_after_it()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b");
        ledger.Tell(new Ledger.TakeSnapshot());
        Actor.ExpectMsg<SaveSnapshotSuccess>(Bound).Metadata.SequenceNr.Should(2);
        ledger.Tell(new Ledger.DeleteUpTo(2));
        Actor.ExpectMsg<DeleteMessagesSuccess>(Bound);
        Enter(ledger, "c");

        StartAgain(ledger);

        ExpectRecovered(["a", "b", "c"], 3);
    }

    [ServerFact]
    public void Should_never_use_a_number_again_when_all_events_are_deleted()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b");
        ledger.Tell(new Ledger.DeleteUpTo(long.MaxValue));
        Actor.ExpectMsg<DeleteMessagesSuccess>(Bound);

        var again = StartAgain(ledger);
        ExpectRecovered([], 2);
        Enter(again, "c");

        StartAgain(again);
        ExpectRecovered(["c"], 3);
    }

    [ServerFact]
    public void Should_go_on_behind_the_highest_number_when_recovery_is_off()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b");

        var unrecovered = StartAgain(ledger, Recovery.None);
        ExpectRecovered([], 2);
        Enter(unrecovered, "c");

        StartAgain(unrecovered);
        ExpectRecovered(["a", "b", "c"], 3);
    }

    [ServerTheory]
    [InlineData(3, long.MaxValue, new[] { "a", "b", "c" })]
    [InlineData(long.MaxValue, 2, new[] { "a", "b" })]
    public void Should_recover_no_further_than_asked_for(long upTo, long most, string[] expected)
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        Enter(ledger, "a", "b", "c", "d");

        StartAgain(ledger, new Recovery(SnapshotSelectionCriteria.Latest, upTo, most));

        Actor.ExpectMsg<Ledger.Recovered>(Bound).Entries.Should(expected);
    }

    [ServerFact]
    public void Should_find_the_writes_that_were_under_way_when_the_actor_was_restarted()
    {
        var ledger = Start();
        ExpectRecovered([], 0);
        string[] entries = [.. Enumerable.Range(1, 50).Select(n => $"e-{n}")];

        foreach (var entry in entries)
        {
            ledger.Tell(new Ledger.EnterAndFail(entry));
            // The handler of a restarted actor is gone; whether its event is stored tells the recovery.
            Actor.FishForMessage<Ledger.Recovered>(_ => true, Bound);
        }

        StartAgain(ledger);
        var recovered = Actor.ExpectMsg<Ledger.Recovered>(Bound);
        recovered.Entries.Length.Should((int)recovered.LastSequenceNr);
        recovered.Entries.Should(recovered.Entries.OrderBy(entry => Array.IndexOf(entries, entry)));
    }

    [ServerFact]
    public void Should_keep_the_events_of_many_actors_apart()
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
            driver.ExpectMsg<Ledger.Recovered>(Bound).Entries.Should([name, "x", "y"]);
        }
    }

    private IActorRef Start(Recovery? recovery = null) => Sys.ActorOf(Ledger.Props(Id, Actor.Ref, recovery));

    private IActorRef StartAgain(IActorRef ledger, Recovery? recovery = null)
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
        var recovered = Actor.ExpectMsg<Ledger.Recovered>(Bound);
        recovered.Entries.Should(entries);
        recovered.LastSequenceNr.Should(last);
    }
}
