using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence requires of a journal: it replays what was written, completely, in order, and within the
/// requested range.
/// </summary>
public abstract class JournalConformance(Config journal, ITestOutputHelper output) : JournalTestKit(journal, output)
{
    [ServerFact]
    public void Should_return_0_as_the_highest_number_when_nothing_was_written()
    {
        Replay(Id).Highest.Should(0);
    }

    [ServerFact]
    public void Should_replay_all_events_in_order_when_no_bounds_are_given()
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
    public void Should_replay_only_the_requested_events_when_bounds_are_given(long from, long to, long max, int[] expected)
    {
        WriteEach(Id, 1, 5);

        var replay = Replay(Id, from, to, max);

        replay.Events.Select(e => (int)e.SequenceNr).Should(expected);
        replay.Highest.Should(5);
    }

    [ServerFact]
    public void Should_replay_all_events_in_order_when_there_are_many()
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
    public void Should_keep_ids_separate_when_they_contain_special_characters(string id)
    {
        var one = Id + id;
        var other = one + "x";
        WriteEach(one, 1, 2);
        WriteEach(other, 1, 3);

        Replay(one).Highest.Should(2);
        Replay(other).Highest.Should(3);
    }

    [ServerFact]
    public void Should_store_all_batches_when_several_actors_write_at_once()
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
    public void Should_reply_in_order_when_one_call_has_several_writes()
    {
        Journal.Tell(new WriteMessages([Batch(Id, 1, 3), Batch(Id, 4, 1), Batch(Id, 5, 2)], Actor.Ref, 7));

        ExpectStored(Actor, 6).Select(stored => stored.Persistent.SequenceNr).Should([1L, 2, 3, 4, 5, 6]);
        Replay(Id).Highest.Should(6);
    }

    [ServerFact]
    public void Should_recover_an_event_when_its_write_is_still_pending()
    {
        for (var n = 1; n <= 200; n++)
        {
            Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, n, n))], Actor.Ref, 1));
            Replay(Id).Highest.Should(n);
        }
    }

    [ServerFact]
    public async Task Should_report_healthy_when_the_store_replies()
    {
        var health = await Akka.Persistence.Persistence.Instance.Apply(Sys).CheckJournalHealthAsync(null);

        Assert.Equal(PersistenceHealthStatus.Healthy, health.Status);
    }

    [ServerFact]
    public async Task Should_throw_and_keep_working_when_a_health_check_is_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Akka.Persistence.Persistence.Instance.Apply(Sys).CheckJournalHealthAsync(null, cancelled.Token));

        WriteEach(Id, 1, 1);
    }

    [ServerFact]
    public void Should_recover_all_events_when_other_actors_are_writing()
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
    public void Should_recover_all_events_when_many_actors_recover_at_once()
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
