using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence says about the serialization of events: no part of an event is lost, and only a write that
/// cannot be serialized is rejected.
/// </summary>
public abstract class JournalSerializationConformance(Config journal, ITestOutputHelper output) : JournalTestKit(journal, output)
{
    [ServerFact]
    public void Should_replay_events_when_they_are_large()
    {
        var large = new string('x', 300_000);
        for (var n = 1; n <= 12; n++)
            Expect(Write(new AtomicWrite(Event(Id, n, large + n))), 1);

        Replay(Id).Events.Select(e => e.Payload).Should(Enumerable.Range(1, 12).Select(n => (object)(large + n)));
    }

    [ServerFact]
    public void Should_keep_all_fields_of_an_event_when_replayed()
    {
        var written = new Persistent("content", 1, Id, "manifest", writerGuid: WriterGuid);
        Expect(Write(new AtomicWrite(written)), 1);

        var replayed = Replay(Id).Events.Single();

        replayed.Payload.Should("content");
        replayed.Manifest.Should("manifest");
        replayed.PersistenceId.Should(Id);
        replayed.WriterGuid.Should(WriterGuid);
        replayed.IsDeleted.Should(false);
        Assert.True(new DateTime(replayed.Timestamp, DateTimeKind.Utc) > DateTime.UnixEpoch.AddYears(50));
    }

    [ServerFact]
    public void Should_replay_an_actor_reference_when_it_is_the_event()
    {
        Expect(Write(new AtomicWrite(Event(Id, 1, TestActor))), 1);

        Replay(Id).Events.Single().Payload.Should(TestActor);
    }

    [ServerFact]
    public void Should_replay_the_event_without_its_tags_when_it_was_tagged()
    {
        Expect(Write(new AtomicWrite(Event(Id, 1, new Tagged("content", ["red", "blue"])))), 1);

        Replay(Id).Events.Single().Payload.Should("content");
    }

    [ServerFact]
    public void Should_reject_only_one_write_when_its_event_cannot_be_serialized()
    {
        var unserializable = new AtomicWrite(Event(Id, 2, new Unserializable()));
        Journal.Tell(new WriteMessages([Batch(Id, 1, 1), unserializable, Batch(Id, 3, 1)], Actor.Ref, 1));

        Actor.ExpectMsg<WriteMessagesSuccessful>(Bound);
        Actor.ExpectMsg<WriteMessageSuccess>(Bound).Persistent.SequenceNr.Should(1);
        Actor.ExpectMsg<WriteMessageRejected>(Bound).Persistent.SequenceNr.Should(2);
        Actor.ExpectMsg<WriteMessageSuccess>(Bound).Persistent.SequenceNr.Should(3);
        Replay(Id).Events.Select(e => e.SequenceNr).Should([1L, 3]);
    }

    [ServerFact]
    public void Should_reject_the_whole_batch_when_one_of_its_events_cannot_be_serialized()
    {
        var batch = ImmutableList.Create<IPersistentRepresentation>(Event(Id, 1, "a"), Event(Id, 2, new Unserializable()));
        Journal.Tell(new WriteMessages([new AtomicWrite(batch)], Actor.Ref, 1));

        Actor.ExpectMsg<WriteMessagesSuccessful>(Bound);
        Actor.ExpectMsg<WriteMessageRejected>(Bound);
        Actor.ExpectMsg<WriteMessageRejected>(Bound);
        Assert.Empty(Replay(Id).Events);
    }

    [ServerFact]
    public void Should_store_the_next_event_when_one_was_rejected()
    {
        Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, 1, new Unserializable()))], Actor.Ref, 1));
        Actor.ExpectMsg<WriteMessagesSuccessful>(Bound);
        Actor.ExpectMsg<WriteMessageRejected>(Bound);

        WriteEach(Id, 2, 1);

        Replay(Id).Events.Select(e => e.SequenceNr).Should([2L]);
    }

    [ServerFact]
    public void Should_replay_an_event_when_its_serializer_uses_manifests()
    {
        Expect(Write(new AtomicWrite(Event(Id, 1, new Priced(12.5m)))), 1);

        Replay(Id).Events.Single().Payload.Should(new Priced(12.5m));
    }

    [ServerFact]
    public void Should_replay_actor_references_when_events_contain_them()
    {
        Expect(Write(new AtomicWrite(Event(Id, 1, new Watching(TestActor, "why")))), 1);

        Replay(Id).Events.Single().Payload.Should(new Watching(TestActor, "why"));
    }

    [ServerFact]
    public void Should_set_the_timestamp_of_events_when_they_are_written()
    {
        for (var n = 1; n <= 3; n++)
        {
            var before = Sys.Scheduler.Now.UtcTicks;
            Expect(Write(Batch(Id, 2 * n - 1, 2)), 2);
            var after = Sys.Scheduler.Now.UtcTicks;

            Replay(Id, 2 * n - 1).Events.All(e => e.Timestamp >= before && e.Timestamp <= after).Should(true);
        }
    }

    [ServerFact]
    public void Should_keep_the_writer_of_each_event_when_several_have_written()
    {
        for (var n = 1; n <= 3; n++)
            Expect(Write(new AtomicWrite(new Persistent(n, n, Id, writerGuid: $"writer-{n}"))), 1);

        Replay(Id).Events.Select(e => e.WriterGuid).Should(["writer-1", "writer-2", "writer-3"]);
    }

    [ServerFact]
    public void Should_notify_the_actor_and_let_it_continue_when_an_event_is_rejected()
    {
        var ledger = Sys.ActorOf(Ledger.Props(Id, Actor.Ref));
        Actor.ExpectMsg<Ledger.LedgerRecovered>(Bound);

        ledger.Tell(new Ledger.EnterUnserializable());
        ledger.Tell(new Ledger.Enter("behind"));

        Actor.ExpectMsg<Ledger.Rejected>(Bound).SequenceNr.Should(1);
        Actor.ExpectMsg<string>(Bound).Should("behind");
        var replay = Replay(Id);
        replay.Events.Select(e => e.SequenceNr).Should([2L]);
        replay.Highest.Should(2);
    }

    private sealed record Watching(IActorRef Who, string Why);
}
