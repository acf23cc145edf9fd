using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Xunit.Abstractions;

namespace Morag.Persistence.Redis.Tests.Conformance;

/// <summary>
/// What the documentation of Akka.Persistence says of deleting events: they stay deleted, and their numbers stay used.
/// </summary>
public abstract class JournalDeletionConformance(Config journal, ITestOutputHelper output) : JournalTestKit(journal, output)
{
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
    public void Should_keep_deleted_what_was_deleted()
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
    public void Should_delete_the_events_of_one_id_only()
    {
        WriteEach(Id, 1, 3);
        WriteEach(Id + "-other", 1, 3);

        Delete(Id, long.MaxValue);

        Replay(Id + "-other").Events.Select(e => e.SequenceNr).Should([1L, 2, 3]);
    }

    [ServerFact]
    public void Should_delete_again_and_again_behind_a_writer()
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
    public void Should_delete_what_was_sent_to_be_written_just_before()
    {
        for (var n = 1; n <= 50; n++)
            Journal.Tell(new WriteMessages([new AtomicWrite(Event(Id, n, n))], CreateTestProbe().Ref, 1));

        Delete(Id, 50);

        var replay = Replay(Id);
        replay.Events.Should([]);
        replay.Highest.Should(50);
    }
}
