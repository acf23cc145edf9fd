using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence says about deleted events: they stay deleted, and their numbers stay used.
/// </summary>
public abstract class JournalDeletionConformance(Config journal, ITestOutputHelper output) : JournalTestKit(journal, output)
{
    [ServerTheory]
    [InlineData(3, new[] { 4, 5 })]
    [InlineData(5, new int[0])]
    [InlineData(7, new int[0])]
    [InlineData(long.MaxValue, new int[0])]
    [InlineData(0, new[] { 1, 2, 3, 4, 5 })]
    public void Should_keep_later_events_and_the_highest_number_when_deleting_up_to_a_number(long upTo, int[] left)
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
    public void Should_delete_all_events_up_to_a_number_when_there_are_many()
    {
        for (var first = 1; first < 12_000; first += 1000)
            Expect(Write(Batch(Id, first, 1000)), 1000);

        Delete(Id, 11_999);

        Replay(Id).Events.Select(e => e.SequenceNr).Should([12_000L]);
    }

    [ServerFact]
    public void Should_succeed_when_there_is_nothing_to_delete()
    {
        Delete(Id, 10);

        Replay(Id).Highest.Should(0);
    }

    [ServerFact]
    public void Should_not_replay_deleted_events_when_a_later_delete_has_a_lower_bound()
    {
        WriteEach(Id, 1, 6);
        Delete(Id, 4);

        Delete(Id, 2);
        WriteEach(Id, 7, 2);

        Replay(Id).Events.Select(e => e.SequenceNr).Should([5L, 6, 7, 8]);
        Replay(Id, 1, 4).Events.Should([]);
        Replay(Id, 3, 6).Events.Select(e => e.SequenceNr).Should([5L, 6]);
    }

    [ServerFact]
    public void Should_keep_the_events_of_other_ids_when_deleting()
    {
        WriteEach(Id, 1, 3);
        WriteEach(Id + "-other", 1, 3);

        Delete(Id, long.MaxValue);

        Replay(Id + "-other").Events.Select(e => e.SequenceNr).Should([1L, 2, 3]);
    }

    [ServerFact]
    public void Should_keep_the_highest_number_when_every_event_is_deleted_after_its_write()
    {
        for (var n = 1; n <= 100; n++)
        {
            WriteEach(Id, n, 1);
            Delete(Id, n);
        }

        var replay = Replay(Id);
        replay.Events.Should([]);
        replay.Highest.Should(100);
    }

    [ServerFact]
    public void Should_delete_events_when_their_writes_are_still_pending()
    {
        for (var n = 1; n <= 50; n++)
            Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, n, n))], CreateTestProbe().Ref, 1));

        Delete(Id, 50);

        var replay = Replay(Id);
        replay.Events.Should([]);
        replay.Highest.Should(50);
    }
}
