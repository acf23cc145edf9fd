using Akka.Persistence;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Actors.Tests.Persistence;

/// <summary>Snapshots of a state that is too large for one value: parts between the events, and what recovery makes of them.</summary>
public sealed class SnapshotPartsSpecs() : TestKit(
    """
    akka {
      stdout-loglevel = OFF
      loglevel = ERROR
      test.timefactor = 4
      persistence {
        journal.plugin = "akka.persistence.journal.inmem"
        snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
      }
    }
    """)
{
    private const string Id = "roster";
    private const int Many = 1_000;

    [Fact]
    public async Task Should_recover_from_parts_when_events_were_stored_between_them()
    {
        var roster = Start();
        var count = await AddUntilAsync(roster, async () => HasEventsBetweenParts(await StoredAsync()));

        Assert.Equal(count, await RestartedAsync(roster));
    }

    [Fact]
    public async Task Should_write_no_part_larger_than_its_limit()
    {
        await AddUntilAsync(Start(), async () => (await StoredAsync()).Any(@event => @event is SnapshotPart));

        Assert.All((await StoredAsync()).OfType<SnapshotPart>(), part => Assert.InRange(part.Content.Length, 1, 200));
    }

    [Fact]
    public async Task Should_remove_events_that_kept_snapshots_cover()
    {
        var roster = Start();
        var count = await AddUntilEventsAreRemovedAsync(roster);

        Assert.Equal(count, await RestartedAsync(roster));
    }

    [Fact]
    public async Task Should_use_the_snapshot_before_when_a_part_of_the_newest_cannot_be_read()
    {
        var roster = Start();
        var count = await AddUntilEventsAreRemovedAsync(roster);
        Roster.Unreadable = 1;
        await StopAsync(roster);

        // The first start fails, as a start does whose snapshot is broken, and says so; the next one passes it over.
        await EventFilter.Error(contains: "cannot be read. The entity restarts from the one before it and the events since")
            .ExpectOneAsync(async () => Assert.Null(await CountUnlessItStopsAsync(Start())));
        Assert.Equal(count, await CountAsync(Start()));
    }

    [Fact]
    public async Task Should_keep_the_newest_snapshot_when_an_event_that_waited_for_it_cannot_be_applied()
    {
        var roster = Start();
        var count = await AddUntilEventsAreRemovedAsync(roster);
        await StopAsync(roster);
        Roster.NotApplicable = 1;

        Assert.Null(await CountUnlessItStopsAsync(Start()));
        var newest = Roster.LastRestored;
        Assert.Equal(count, await CountAsync(Start()));
        Assert.Equal(newest, Roster.LastRestored);
    }

    [Fact]
    public async Task Should_refuse_to_start_when_no_readable_snapshot_covers_the_events_that_were_removed()
    {
        var roster = Start();
        var count = await AddUntilEventsAreRemovedAsync(roster);
        Roster.Unreadable = int.MaxValue;
        await StopAsync(roster);

        for (var start = 0; start < 6; start++)
        {
            Assert.Null(await CountUnlessItStopsAsync(Start()));
        }

        Roster.Unreadable = 0;
        int? recovered;
        do
        {
            recovered = await CountUnlessItStopsAsync(Start());
        }
        while (recovered is null);

        Assert.Equal(count, recovered);
    }

    [Fact]
    public async Task Should_refuse_to_start_when_all_events_were_removed_and_no_snapshot_is_left()
    {
        var roster = Start();
        await AddAsync(roster, 0, Many);
        await StopAsync(roster);
        await RemoveEverythingAsync();

        Assert.Null(await CountUnlessItStopsAsync(Start()));
    }

    [Fact]
    public async Task Should_say_which_events_are_not_in_the_journal_and_go_on()
    {
        var roster = Start();
        await AddAsync(roster, 0, 10);
        await StopAsync(roster);
        var last = (await ReplayAsync())[^1].SequenceNr;
        await StoreAsync(last + 3, Entry(10));

        await EventFilter.Error(contains: $"{Id}: events {last + 1} to {last + 2} are missing from the journal")
            .ExpectOneAsync(async () => Assert.Equal(11, await CountAsync(Start())));
    }

    [Fact]
    public async Task Should_ignore_parts_of_a_snapshot_whose_writing_was_cut_off()
    {
        var roster = Start();
        var added = 0;
        for (var kill = 0; kill < 20; kill++)
        {
            for (var i = 0; i < 37; i++)
            {
                roster.Tell(Entry(added++), TestActor);
            }

            await ReceiveNAsync(37).ToListAsync();
            await StopAsync(roster);
            roster = Start();
            Assert.Equal(added, await CountAsync(roster));
        }
    }

    protected override void AfterAll()
    {
        Roster.Unreadable = 0;
        Roster.NotApplicable = 0;
        base.AfterAll();
    }

    private static WorkerEntry Entry(int number) => new()
    {
        WorkerId = new($"w{number:000000}"),
        Revision = 1,
        Status = WorkerStatus.Online,
    };

    /// <summary>Whether one snapshot has parts with an event between them.</summary>
    private static bool HasEventsBetweenParts(IReadOnlyList<IStoredEvent> stored) =>
        stored.Select((@event, place) => (Part: @event as SnapshotPart, place))
            .Where(at => at.Part is not null)
            .GroupBy(at => at.Part!.SequenceNr)
            .Any(parts => parts.Last().place - parts.First().place >= parts.Count());

    private IActorRef Start() => Sys.ActorOf(Props.Create(() => new Roster()));

    private async Task AddAsync(IActorRef roster, int from, int count)
    {
        Sys.ActorOf(Props.Create(() => new Feeder(roster, from, count, TestActor)));
        await ExpectMsgAsync(count);
    }

    private Task<int> AddUntilEventsAreRemovedAsync(IActorRef roster) =>
        AddUntilAsync(roster, async () => (await ReplayAsync())[0].SequenceNr > 100);

    /// <summary>
    /// How many snapshots are written while events come depends on how fast their parts are encoded: it adds until there are enough.
    /// </summary>
    private async Task<int> AddUntilAsync(IActorRef roster, Func<Task<bool>> isReached)
    {
        var count = 0;
        do
        {
            await AddAsync(roster, count, Many);
            count += Many;
        }
        while (!await isReached());
        return count;
    }

    private async Task<int> CountAsync(IActorRef roster)
    {
        roster.Tell("count", TestActor);
        return await ExpectMsgAsync<int>();
    }

    private async Task<int> RestartedAsync(IActorRef roster)
    {
        await StopAsync(roster);
        return await CountAsync(Start());
    }

    private async Task<int?> CountUnlessItStopsAsync(IActorRef roster)
    {
        var probe = CreateTestProbe();
        await probe.WatchAsync(roster);
        roster.Tell("count", probe);
        return await probe.ExpectMsgAsync<object>() is int count ? count : null;
    }

    private async Task StopAsync(IActorRef roster)
    {
        var probe = CreateTestProbe();
        await probe.WatchAsync(roster);
        Sys.Stop(roster);
        await probe.ExpectTerminatedAsync(roster);
    }

    /// <summary>Removes every event and every snapshot; the journal still knows the last number that it gave.</summary>
    private async Task RemoveEverythingAsync()
    {
        var stores = Akka.Persistence.Persistence.Instance.Apply(Sys);
        var probe = CreateTestProbe();
        stores.JournalFor("").Tell(new DeleteMessagesTo(Id, long.MaxValue, probe));
        await probe.ExpectMsgAsync<DeleteMessagesSuccess>();
        stores.SnapshotStoreFor("").Tell(new DeleteSnapshots(Id, SnapshotSelectionCriteria.Latest), probe);
        await probe.ExpectMsgAsync<DeleteSnapshotsSuccess>();
    }

    private async Task StoreAsync(long sequenceNr, WorkerEntry entry)
    {
        var probe = CreateTestProbe();
        var write = new AtomicWrite(new Persistent(new WorkerEntryUpdated { Entry = entry }, sequenceNr, Id));
        Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor("").Tell(new WriteMessages([write], probe, 1));
        await probe.ExpectMsgAsync<WriteMessagesSuccessful>();
    }

    private async Task<IReadOnlyList<IStoredEvent>> StoredAsync() =>
        [.. (await ReplayAsync()).Select(stored => (IStoredEvent)stored.Payload)];

    private async Task<List<IPersistentRepresentation>> ReplayAsync()
    {
        var replay = CreateTestProbe();
        Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor("")
            .Tell(new ReplayMessages(1, long.MaxValue, long.MaxValue, Id, replay));
        var stored = new List<IPersistentRepresentation>();
        while (await replay.ExpectMsgAsync<object>() is ReplayedMessage replayed)
        {
            stored.Add(replayed.Persistent);
        }

        return stored;
    }

    /// <summary>An entity with a state of many records, of which a part holds few.</summary>
    private sealed class Roster() : EventSourcedActor<ImmutableSortedSet<string>>(Id, [], new SnapshotPolicy(40, 2))
    {
        /// <summary>How many of the next restorations fail.</summary>
        public static int Unreadable { get; set; }

        /// <summary>How many of the next events cannot be applied.</summary>
        public static int NotApplicable { get; set; }

        /// <summary>How many records the last state had that was restored from a snapshot.</summary>
        public static int LastRestored { get; private set; }

        protected override ImmutableSortedSet<string> Apply(ImmutableSortedSet<string> state, IStoredEvent @event) => @event switch
        {
            _ when NotApplicable > 0 && NotApplicable-- > 0 => throw new InvalidDataException("planned"),
            WorkerEntryUpdated updated => state.Add(updated.Entry.WorkerId.Value),
            _ => throw new InvalidOperationException($"{@event.GetType()} is no event of a roster"),
        };

        protected override IEnumerable<IStoredState> ToSnapshot(ImmutableSortedSet<string> state) =>
            state.Chunk(15).Select(ids => new DirectorySnapshot { NotRegistered = [.. ids.Select(id => new WorkerId(id))] });

        protected override ImmutableSortedSet<string> FromSnapshot(IReadOnlyList<IStoredState> parts)
        {
            if (Unreadable-- > 0)
            {
                throw new InvalidDataException("planned");
            }

            ImmutableSortedSet<string> restored =
                [.. parts.Cast<DirectorySnapshot>().SelectMany(part => part.NotRegistered).Select(id => id.Value)];
            LastRestored = restored.Count;
            return restored;
        }

        protected override bool IsDatedAfter(ImmutableSortedSet<string> state, DateTimeOffset now) => false;

        protected override void Handle(object message)
        {
            var caller = Sender;
            switch (message)
            {
                case WorkerEntry entry:
                    Commit(new WorkerEntryUpdated { Entry = entry }, _ => caller.Tell(entry.WorkerId.Value));
                    break;
                case "count":
                    caller.Tell(State.Count);
                    break;
                default:
                    throw new InvalidOperationException("poison");
            }
        }
    }

    /// <summary>Adds entries with a few of them under way at a time, as callers do: so parts and events come in turn.</summary>
    private sealed class Feeder : UntypedActor
    {
        private readonly IActorRef roster;
        private readonly int end;
        private readonly int count;
        private readonly IActorRef replyTo;
        private int next;
        private int added;

        public Feeder(IActorRef roster, int from, int count, IActorRef replyTo)
        {
            (this.roster, next, end, this.count, this.replyTo) = (roster, from, from + count, count, replyTo);
            for (var inProgress = 0; inProgress < 5; inProgress++)
            {
                roster.Tell(Entry(next++));
            }
        }

        protected override void OnReceive(object message)
        {
            if (next < end)
            {
                roster.Tell(Entry(next++));
            }

            if (++added == count)
            {
                replyTo.Tell(count);
            }
        }
    }
}
