using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence asks of a journal, spoken to it with the messages that persistent actors
/// use. Nothing here knows which journal it is.
/// </summary>
public abstract class JournalConformance : TestKit
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(60);

    private readonly TestProbe _actor;

    protected JournalConformance(Config journal, ITestOutputHelper output)
        : base(Settings.WithFallback(journal), output: output)
    {
        _actor = CreateTestProbe();
        Journal = Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor(null);
        WriterGuid = Guid.NewGuid().ToString();
    }

    private static Config Settings => ConfigurationFactory.ParseString("""
        akka.test.single-expect-default = 60s
        akka.persistence.publish-plugin-commands = on
        akka.actor.serializers.fails = "Morag.Persistence.Redis.Tests.Conformance.FailingSerializer, Morag.Persistence.Redis.Tests"
        akka.actor.serialization-bindings."Morag.Persistence.Redis.Tests.Conformance.Unserializable, Morag.Persistence.Redis.Tests" = fails
        """);

    protected IActorRef Journal { get; }

    protected string WriterGuid { get; }

    protected string Id { get; } = $"id-{Guid.NewGuid():n}";

    [ServerFact]
    public void Should_have_zero_as_the_highest_number_when_nothing_was_written()
    {
        Replay(Id).Highest.Should(0);
    }

    [ServerFact]
    public void Should_replay_all_events_in_order()
    {
        WriteEach(Id, 1, 5);

        var replay = Replay(Id);

        replay.Events.Select(e => e.Payload).Should(["e-1", "e-2", "e-3", "e-4", "e-5"]);
        replay.Events.Select(e => e.SequenceNr).Should([1L, 2, 3, 4, 5]);
        replay.Highest.Should(5);
    }

    [ServerTheory]
    [InlineData(3, long.MaxValue, long.MaxValue, new[] { 3, 4, 5 })]
    [InlineData(1, 3, long.MaxValue, new[] { 1, 2, 3 })]
    [InlineData(1, long.MaxValue, 3, new[] { 1, 2, 3 })]
    [InlineData(2, 4, long.MaxValue, new[] { 2, 3, 4 })]
    [InlineData(2, 2, long.MaxValue, new[] { 2 })]
    [InlineData(2, 4, 2, new[] { 2, 3 })]
    [InlineData(2, 4, 0, new int[0])]
    [InlineData(4, 3, long.MaxValue, new int[0])]
    [InlineData(6, long.MaxValue, long.MaxValue, new int[0])]
    public void Should_replay_only_what_was_asked_for(long from, long to, long max, int[] expected)
    {
        WriteEach(Id, 1, 5);

        var replay = Replay(Id, from, to, max);

        replay.Events.Select(e => (int)e.SequenceNr).Should(expected);
        replay.Highest.Should(5);
    }

    [ServerFact]
    public void Should_replay_many_events_completely_and_in_order()
    {
        for (var first = 1; first < 12_000; first += 1000)
            Expect(Write(Batch(Id, first, 1000)), 1000);

        var replay = Replay(Id);

        replay.Events.Select(e => e.SequenceNr).Should(Enumerable.Range(1, 12_000).Select(n => (long)n));
    }

    [ServerFact]
    public void Should_replay_large_events()
    {
        var large = new string('x', 300_000);
        for (var n = 1; n <= 12; n++)
            Expect(Write(new AtomicWrite(Event(Id, n, large + n))), 1);

        Replay(Id).Events.Select(e => e.Payload).Should(Enumerable.Range(1, 12).Select(n => (object)(large + n)));
    }

    [ServerFact]
    public void Should_keep_everything_an_event_carries()
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
    public void Should_give_back_actor_references()
    {
        Expect(Write(new AtomicWrite(Event(Id, 1, TestActor))), 1);

        Replay(Id).Events.Single().Payload.Should(TestActor);
    }

    [ServerFact]
    public void Should_give_back_the_event_when_it_was_tagged()
    {
        Expect(Write(new AtomicWrite(Event(Id, 1, new Tagged("content", ["red", "blue"])))), 1);

        Replay(Id).Events.Single().Payload.Should("content");
    }

    [ServerTheory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("with:colon/and{braces}")]
    [InlineData("unicode-ß-漢字-🙂")]
    public void Should_keep_ids_apart_whatever_they_are_made_of(string id)
    {
        var one = Id + id;
        var other = one + "x";
        WriteEach(one, 1, 2);
        WriteEach(other, 1, 3);

        Replay(one).Highest.Should(2);
        Replay(other).Highest.Should(3);
    }

    [ServerFact]
    public void Should_store_the_batches_of_several_actors()
    {
        string[] ids = [.. Enumerable.Range(0, 50).Select(n => $"{Id}-{n}")];
        var actors = ids.ToDictionary(id => id, _ => CreateTestProbe());
        foreach (var id in ids)
            Journal.Tell(new WriteMessages([Batch(id, 1, 10)], actors[id].Ref, 1));

        foreach (var id in ids)
            ExpectStored(actors[id], 10);
        foreach (var id in ids)
            Replay(id).Highest.Should(10);
    }

    [ServerFact]
    public void Should_answer_several_writes_of_one_call_in_order()
    {
        Journal.Tell(new WriteMessages([Batch(Id, 1, 3), Batch(Id, 4, 1), Batch(Id, 5, 2)], _actor.Ref, 7));

        ExpectStored(_actor, 6).Select(stored => stored.Persistent.SequenceNr).Should([1L, 2, 3, 4, 5, 6]);
        Replay(Id).Highest.Should(6);
    }

    [ServerFact]
    public void Should_reject_only_the_write_that_cannot_be_serialized()
    {
        Journal.Tell(new WriteMessages([Batch(Id, 1, 1), new AtomicWrite(Event(Id, 2, new Unserializable())), Batch(Id, 3, 1)], _actor.Ref, 1));

        _actor.ExpectMsg<WriteMessagesSuccessful>(Bound);
        _actor.ExpectMsg<WriteMessageSuccess>(Bound).Persistent.SequenceNr.Should(1);
        _actor.ExpectMsg<WriteMessageRejected>(Bound).Persistent.SequenceNr.Should(2);
        _actor.ExpectMsg<WriteMessageSuccess>(Bound).Persistent.SequenceNr.Should(3);
        Replay(Id).Events.Select(e => e.SequenceNr).Should([1L, 3]);
    }

    [ServerFact]
    public void Should_reject_a_batch_as_a_whole_when_one_of_its_events_cannot_be_serialized()
    {
        var batch = ImmutableList.Create<IPersistentRepresentation>(Event(Id, 1, "a"), Event(Id, 2, new Unserializable()));
        Journal.Tell(new WriteMessages([new AtomicWrite(batch)], _actor.Ref, 1));

        _actor.ExpectMsg<WriteMessagesSuccessful>(Bound);
        _actor.ExpectMsg<WriteMessageRejected>(Bound);
        _actor.ExpectMsg<WriteMessageRejected>(Bound);
        Assert.Empty(Replay(Id).Events);
    }

    [ServerFact]
    public void Should_go_on_behind_a_rejected_event()
    {
        Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, 1, new Unserializable()))], _actor.Ref, 1));
        _actor.ExpectMsg<WriteMessagesSuccessful>(Bound);
        _actor.ExpectMsg<WriteMessageRejected>(Bound);

        WriteEach(Id, 2, 1);

        Replay(Id).Events.Select(e => e.SequenceNr).Should([2L]);
    }

    [ServerTheory]
    [InlineData(2)]
    [InlineData(1)]
    [InlineData(5)]
    public void Should_fail_a_write_that_does_not_continue_what_is_stored(int first)
    {
        WriteEach(Id, 1, 3);

        Journal.Tell(new WriteMessages([Batch(Id, first, 4)], _actor.Ref, 1));

        ExpectFailed(_actor, 4);
        var replay = Replay(Id);
        replay.Events.Select(e => e.Payload).Should(["e-1", "e-2", "e-3"]);
        replay.Highest.Should(3);
    }

    [ServerFact]
    public void Should_let_exactly_one_of_two_writers_win_each_number()
    {
        var one = CreateTestProbe();
        var other = CreateTestProbe();
        for (var n = 1; n <= 100; n++)
        {
            Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, n, "one"))], one.Ref, 1));
            Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, n, "other"))], other.Ref, 2));
        }

        var stored = 0;
        for (var n = 1; n <= 100; n++)
        {
            foreach (var writer in new[] { one, other })
            {
                if (writer.ExpectMsg<object>(Bound) is WriteMessagesSuccessful) stored++;
                writer.ExpectMsg<object>(Bound);
            }
        }

        stored.Should(100);
        Replay(Id).Events.Select(e => e.SequenceNr).Should(Enumerable.Range(1, 100).Select(n => (long)n));
    }

    [ServerTheory]
    [InlineData(3, new[] { 4, 5 })]
    [InlineData(5, new int[0])]
    [InlineData(7, new int[0])]
    [InlineData(long.MaxValue, new int[0])]
    [InlineData(0, new[] { 1, 2, 3, 4, 5 })]
    public void Should_delete_up_to_a_number_and_keep_the_highest(long upTo, int[] left)
    {
        WriteEach(Id, 1, 5);

        Delete(Id, upTo);

        var replay = Replay(Id);
        replay.Events.Select(e => (int)e.SequenceNr).Should(left);
        replay.Highest.Should(5);
        WriteEach(Id, 6, 1);
        Replay(Id).Highest.Should(6);
    }

    [ServerFact]
    public void Should_delete_many_events()
    {
        for (var first = 1; first < 12_000; first += 1000)
            Expect(Write(Batch(Id, first, 1000)), 1000);

        Delete(Id, 11_999);

        Replay(Id).Events.Select(e => e.SequenceNr).Should([12_000L]);
    }

    [ServerFact]
    public void Should_delete_nothing_when_there_is_nothing()
    {
        Delete(Id, 10);

        Replay(Id).Highest.Should(0);
    }

    [ServerFact]
    public void Should_recover_what_was_written_just_before()
    {
        for (var n = 1; n <= 200; n++)
        {
            Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, n, n))], _actor.Ref, 1));
            Replay(Id).Highest.Should(n);
        }
    }

    [ServerFact]
    public async Task Should_report_that_it_is_healthy()
    {
        var health = await Akka.Persistence.Persistence.Instance.Apply(Sys).CheckJournalHealthAsync(null);

        Assert.Equal(PersistenceHealthStatus.Healthy, health.Status);
    }

    protected Persistent Event(string id, long sequenceNr, object payload) => new(payload, sequenceNr, id, writerGuid: WriterGuid);

    protected AtomicWrite Batch(string id, long first, int count)
        => new(Enumerable.Range(0, count).Select(n => (IPersistentRepresentation)Event(id, first + n, $"e-{first + n}")).ToImmutableList());

    protected TestProbe Write(AtomicWrite write)
    {
        Journal.Tell(new WriteMessages([write], _actor.Ref, 1));
        return _actor;
    }

    protected void WriteEach(string id, long first, int count)
    {
        for (var n = first; n < first + count; n++)
            Expect(Write(Batch(id, n, 1)), 1);
    }

    protected Replayed Replay(string id, long from = 1, long to = long.MaxValue, long max = long.MaxValue)
    {
        var recovering = CreateTestProbe();
        Journal.Tell(new ReplayMessages(from, to, max, id, recovering.Ref));
        var events = new List<IPersistentRepresentation>();
        while (true)
        {
            switch (recovering.ExpectMsg<object>(Bound))
            {
                case ReplayedMessage replayed: events.Add(replayed.Persistent); break;
                case RecoverySuccess success: return new Replayed(events, success.HighestSequenceNr);
                case ReplayMessagesFailure failure: throw failure.Cause;
            }
        }
    }

    protected void Delete(string id, long upTo)
    {
        Journal.Tell(new DeleteMessagesTo(id, upTo, _actor.Ref));
        _actor.ExpectMsg<DeleteMessagesSuccess>(Bound).ToSequenceNr.Should(upTo);
    }

    protected static void Expect(TestProbe writer, int events) => ExpectStored(writer, events);

    protected static IReadOnlyList<WriteMessageSuccess> ExpectStored(TestProbe writer, int events)
    {
        var answer = writer.ExpectMsg<object>(Bound);
        if (answer is WriteMessagesFailed failed) throw failed.Cause;
        Assert.IsType<WriteMessagesSuccessful>(answer);
        return [.. Enumerable.Range(0, events).Select(_ => writer.ExpectMsg<WriteMessageSuccess>(Bound))];
    }

    protected static Exception ExpectFailed(TestProbe writer, int events)
    {
        var failed = writer.ExpectMsg<WriteMessagesFailed>(Bound);
        for (var n = 0; n < events; n++)
            writer.ExpectMsg<WriteMessageFailure>(Bound);
        return failed.Cause;
    }

    /// <summary>What a recovery has read.</summary>
    protected sealed record Replayed(IReadOnlyList<IPersistentRepresentation> Events, long Highest);
}
