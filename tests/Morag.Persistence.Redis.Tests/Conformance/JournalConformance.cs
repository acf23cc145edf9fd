using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence asks of a journal: what is written is replayed, in order, whole, and no more than was
/// asked for.
/// </summary>
public abstract class JournalConformance(Config journal, ITestOutputHelper output) : JournalTestKit(journal, output)
{
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
    public void Should_store_the_batches_of_severalActors()
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
        Journal.Tell(new WriteMessages([Batch(Id, 1, 3), Batch(Id, 4, 1), Batch(Id, 5, 2)], Actor.Ref, 7));

        ExpectStored(Actor, 6).Select(stored => stored.Persistent.SequenceNr).Should([1L, 2, 3, 4, 5, 6]);
        Replay(Id).Highest.Should(6);
    }

    [ServerFact]
    public void Should_recover_what_was_written_just_before()
    {
        for (var n = 1; n <= 200; n++)
        {
            Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, n, n))], Actor.Ref, 1));
            Replay(Id).Highest.Should(n);
        }
    }

    [ServerFact]
    public async Task Should_report_that_it_is_healthy()
    {
        var health = await Akka.Persistence.Persistence.Instance.Apply(Sys).CheckJournalHealthAsync(null);

        Assert.Equal(PersistenceHealthStatus.Healthy, health.Status);
    }

    [ServerFact]
    public async Task Should_answer_a_health_check_that_is_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Akka.Persistence.Persistence.Instance.Apply(Sys).CheckJournalHealthAsync(null, cancelled.Token));

        WriteEach(Id, 1, 1);
    }

    [ServerFact]
    public void Should_recover_while_others_write()
    {
        WriteEach(Id, 1, 20);
        var others = Enumerable.Range(0, 20).Select(n => (Id: $"{Id}-{n}", Writer: CreateTestProbe())).ToList();
        for (var n = 1; n <= 20; n++)
        {
            foreach (var (id, writer) in others)
                Journal.Tell(new WriteMessages([new AtomicWrite(Event(id, n, n))], writer.Ref, 1));
            Replay(Id).Events.Select(e => e.SequenceNr).Should(Enumerable.Range(1, 20).Select(i => (long)i));
        }

        foreach (var (id, writer) in others)
        {
            for (var n = 1; n <= 20; n++)
                ExpectStored(writer, 1);
            Replay(id).Highest.Should(20);
        }
    }

    [ServerFact]
    public void Should_recover_many_at_the_same_time()
    {
        string[] ids = [.. Enumerable.Range(0, 50).Select(n => $"{Id}-{n}")];
        foreach (var id in ids)
            Expect(Write(Batch(id, 1, 100)), 100);
        var recovering = ids.ToDictionary(id => id, _ => CreateTestProbe());

        foreach (var id in ids)
            Journal.Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, id, recovering[id].Ref));

        foreach (var id in ids)
        {
            for (var n = 1; n <= 100; n++)
            {
                var replayed = recovering[id].ExpectMsg<ReplayedMessage>(Bound).Persistent;
                replayed.PersistenceId.Should(id);
                replayed.SequenceNr.Should(n);
            }

            recovering[id].ExpectMsg<RecoverySuccess>(Bound).HighestSequenceNr.Should(100);
        }
    }
}
