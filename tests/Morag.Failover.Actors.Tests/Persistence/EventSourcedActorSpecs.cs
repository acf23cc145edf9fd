using Akka.Persistence;
using Akka.Persistence.TestKit;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Persistence;
using ProtoBuf;

namespace Morag.Failover.Actors.Tests.Persistence;

public sealed class EventSourcedActorSpecs() : TestKit(
    """
    akka {
      stdout-loglevel = OFF
      loglevel = OFF
      test.timefactor = 4
      persistence {
        journal.plugin = "akka.persistence.journal.test"
        journal.test.class = "Akka.Persistence.TestKit.TestJournal, Akka.Persistence.TestKit"
        snapshot-store.plugin = "akka.persistence.snapshot-store.inmem"
      }
    }
    """)
{
    [Fact]
    public async Task Should_answer_in_order_and_only_when_durable()
    {
        var total = Sys.ActorOf(Props.Create(() => new Total("t", new SnapshotPolicy(100, 2))));

        for (var i = 1; i <= 20; i++)
        {
            total.Tell(i, TestActor);
        }

        for (var i = 1; i <= 20; i++)
        {
            await ExpectMsgAsync(i * (i + 1) / 2);
        }
    }

    [Fact]
    public async Task Should_show_nothing_that_is_not_durable()
    {
        var total = Sys.ActorOf(Props.Create(() => new Total("t", new SnapshotPolicy(100, 2))));

        total.Tell(5, TestActor);
        total.Tell("read", TestActor);

        await ExpectMsgAsync(5);
        await ExpectMsgAsync("5");
    }

    [Fact]
    public async Task Should_recover_what_was_acknowledged_when_it_is_killed()
    {
        var props = Props.Create(() => new Total("t", new SnapshotPolicy(7, 2)));
        var total = Sys.ActorOf(props);
        for (var i = 0; i < 50; i++)
        {
            total.Tell(1, TestActor);
            await ExpectMsgAsync(i + 1);
        }

        await WatchAsync(total);
        Sys.Stop(total);
        await ExpectTerminatedAsync(total);
        total = Sys.ActorOf(props);
        total.Tell("read", TestActor);

        await ExpectMsgAsync("50");
    }

    [Fact]
    public async Task Should_finish_writes_under_way_when_it_is_asked_to_stop()
    {
        var total = Sys.ActorOf(Props.Create(() => new Total("t", new SnapshotPolicy(100, 2))));
        await WatchAsync(total);

        total.Tell(1, TestActor);
        total.Tell(2, TestActor);
        total.Tell(StopEntity.Instance, TestActor);

        await ExpectMsgAsync(1);
        await ExpectMsgAsync(3);
        await ExpectTerminatedAsync(total);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_stop_and_say_that_the_outcome_is_unknown_when_a_write_fails(bool rejected)
    {
        var total = Sys.ActorOf(Props.Create(() => new Total("t", new SnapshotPolicy(100, 2))));
        total.Tell(1, TestActor);
        await ExpectMsgAsync(1);
        var writes = TestJournal.FromRef(Journal).OnWrite;
        await (rejected ? writes.Reject() : writes.Fail());
        await WatchAsync(total);

        total.Tell(1, TestActor);

        await ExpectMsgAsync<Refused>(refused => Assert.Equal(RefusalReason.Unavailable, refused.Reason));
        await ExpectTerminatedAsync(total);
    }

    [Fact]
    public async Task Should_tell_all_who_wait_that_the_outcome_is_unknown_when_a_write_fails()
    {
        var total = Sys.ActorOf(Props.Create(() => new Total("t", new SnapshotPolicy(100, 2))));
        total.Tell("read", TestActor);
        await ExpectMsgAsync("0");
        await TestJournal.FromRef(Journal).OnWrite.Fail();
        var (writer, reader, third) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());

        total.Tell(new AddFor(1, third), writer);
        total.Tell("read", reader);

        await third.ExpectMsgAsync<Refused>(refused => Assert.Equal(RefusalReason.Unavailable, refused.Reason));
        await reader.ExpectMsgAsync<Refused>(refused => Assert.Equal(RefusalReason.Unavailable, refused.Reason));
        await writer.ExpectNoMsgAsync(TimeSpan.Zero);
    }

    [Fact]
    public async Task Should_tell_who_waits_that_the_outcome_is_unknown_when_it_ends_meanwhile()
    {
        var props = Props.Create(() => new Total("t", new SnapshotPolicy(100, 2)));
        var total = Sys.ActorOf(props);
        total.Tell("read", TestActor);
        await ExpectMsgAsync("0");
        await TestJournal.FromRef(Journal).OnWrite.PassWithDelay(TimeSpan.FromSeconds(1));

        total.Tell(1, TestActor);
        total.Tell("end", ActorRefs.NoSender);

        await ExpectMsgAsync<Refused>(refused => Assert.Equal(RefusalReason.Unavailable, refused.Reason));
    }

    [Fact]
    public async Task Should_refuse_a_poisoned_message_and_go_on()
    {
        var total = Sys.ActorOf(Props.Create(() => new Total("t", new SnapshotPolicy(100, 2))));

        total.Tell("poison", TestActor);
        await ExpectMsgAsync<Refused>();

        total.Tell(1, TestActor);
        await ExpectMsgAsync(1);
    }

    [Fact]
    public async Task Should_remove_only_events_below_the_oldest_kept_snapshot()
    {
        var props = Props.Create(() => new Total("t", new SnapshotPolicy(10, 2)));
        var total = Sys.ActorOf(props);
        for (var i = 0; i < 45; i++)
        {
            total.Tell(1, TestActor);
            await ExpectMsgAsync(i + 1);
        }

        // Snapshots were saved at 10, 20, 30 and 40; the two that are kept are 30 and 40, and removal runs beside us.
        await AwaitAssertAsync(async () =>
        {
            var replay = CreateTestProbe();
            Journal.Tell(new ReplayMessages(1, long.MaxValue, 1, "t", replay));
            var first = await replay.ExpectMsgAsync<ReplayedMessage>();
            Assert.Equal(31, first.Persistent.SequenceNr);
        });
    }

    private IActorRef Journal => Akka.Persistence.Persistence.Instance.Apply(Sys).JournalFor("");

    [ProtoContract(SkipConstructor = true)]
    private sealed record Added([property: ProtoMember(1)] int By) : IStoredEvent;

    private sealed record AddFor(int By, IActorRef Who);

    [ProtoContract(SkipConstructor = true)]
    private sealed record Sum([property: ProtoMember(1)] int Value) : IStoredState;

    private sealed class Total(string id, SnapshotPolicy snapshots) : EventSourcedActor<Sum>(id, new Sum(0), snapshots)
    {
        protected override Sum Apply(Sum state, IStoredEvent @event) => @event switch
        {
            Added added => new Sum(state.Value + added.By),
            _ => throw new InvalidOperationException(),
        };

        protected override IEnumerable<IStoredState> ToSnapshot(Sum state) => [state];

        protected override Sum FromSnapshot(IReadOnlyList<IStoredState> parts) => (Sum)parts[0];

        protected override bool IsDatedAfter(Sum state, DateTimeOffset now) => false;

        protected override void Handle(object message)
        {
            var caller = Sender;
            switch (message)
            {
                case int by:
                    Commit(new Added(by), after => caller.Tell(after.Value));
                    break;
                case AddFor add:
                    Commit(new Added(add.By), after => add.Who.Tell(after.Value), [add.Who]);
                    break;
                case "read":
                    var value = State.Value;
                    AfterWrites(() => caller.Tell(value.ToString(System.Globalization.CultureInfo.InvariantCulture)));
                    break;
                case "end":
                    Context.Stop(Self);
                    break;
                default:
                    throw new InvalidOperationException("poison");
            }
        }
    }
}
