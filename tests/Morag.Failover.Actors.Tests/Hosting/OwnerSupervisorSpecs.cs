using Akka.Cluster.Sharding;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;

namespace Morag.Failover.Actors.Tests.Hosting;

/// <summary>An owner that fails is started again with growing delays, and its callers hear that it is down.</summary>
public sealed class OwnerSupervisorSpecs : TestKit
{
    private readonly Script script = new();
    private readonly Permit permit = new();
    private readonly OwnerHealth health = new();
    private readonly IActorRef owner;

    public OwnerSupervisorSpecs()
        : base(
            "akka { test.timefactor = 4, loglevel = OFF, stdout-loglevel = OFF, "
            + """scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" }""")
    {
        var (played, probe, allowed, told) = (script, TestActor, permit, health);
        Func<TimeSpan> elapsed = () => Clock.Now - DateTimeOffset.UnixEpoch;
        owner = ActorOfAsTestActorRef<Parent>(Props.Create(() => new Parent(played, probe, elapsed, allowed, told))).UnderlyingActor.Owner;
    }

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Should_pass_messages_on_and_say_that_it_serves_once_it_recovered()
    {
        await ExpectMsgAsync("started 1");
        Child().Tell("recover");

        owner.Tell("anything", TestActor);
        await ExpectMsgAsync("1: anything");
        Assert.Null((await StandingAsync()).Down);
    }

    [Fact]
    public async Task Should_say_that_it_recovers_as_long_as_it_does()
    {
        await ExpectMsgAsync("started 1");

        var standing = await StandingAsync();

        Assert.Equal("queue-7", standing.Owner);
        Assert.Contains("it has been recovering for", standing.Down, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_refuse_with_the_reason_and_try_again_later_each_time_when_it_cannot_recover()
    {
        TimeSpan[] atMost = [TimeSpan.FromSeconds(0.75), TimeSpan.FromSeconds(1.5), TimeSpan.FromSeconds(3)];
        for (var attempt = 1; attempt <= atMost.Length; attempt++)
        {
            await ExpectMsgAsync($"started {attempt}");
            await FailAsync("a snapshot cannot be read");

            owner.Tell("anything", TestActor);
            var refused = await ExpectMsgAsync<Refused>();
            Assert.Equal(("queue-7", RefusalReason.Unavailable), (refused.Owner, refused.Reason));
            Assert.Contains("a snapshot cannot be read", refused.Message, StringComparison.Ordinal);
            Assert.InRange(refused.RetryAfter!.Value, atMost[attempt - 1] / 1.5, atMost[attempt - 1]);
            Assert.Equal("a snapshot cannot be read", (await StandingAsync()).Down);

            Clock.Advance(refused.RetryAfter.Value + TimeSpan.FromMilliseconds(1));
        }

        await ExpectMsgAsync("started 4");
        Child().Tell("recover");
        await AwaitConditionAsync(async () => (await StandingAsync()).Down is null);
        owner.Tell("anything", TestActor);
        await ExpectMsgAsync("4: anything");
    }

    [Fact]
    public async Task Should_raise_an_alert_with_the_first_time_and_the_last_reason_until_it_recovers()
    {
        await ExpectMsgAsync("started 1");
        Assert.Empty(health.Alerts().Alerts);
        var first = Clock.Now;
        await FailAsync("a snapshot cannot be read");
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ExpectMsgAsync("started 2");
        await FailAsync("OOM");

        var alert = Assert.Single(health.Alerts().Alerts);
        Assert.Equal(("queue-7", "OOM", first, 2), (alert.Owner, alert.Reason, alert.Since, alert.Failures));
        Assert.NotNull(alert.Node);

        Clock.Advance(TimeSpan.FromSeconds(2));
        await ExpectMsgAsync("started 3");
        Child().Tell("recover");
        await AwaitConditionAsync(() => Task.FromResult(health.FailingHere == 0));
    }

    [Fact]
    public async Task Should_keep_the_alert_of_a_failed_write_until_the_owner_has_served_for_long()
    {
        await ExpectMsgAsync("started 1");
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            Child().Tell("recover");
            await AwaitConditionAsync(async () => (await StandingAsync()).Down is null);
            Clock.Advance(RestartDelay.Stable);
            await AwaitConditionAsync(() => Task.FromResult(health.FailingHere == 0));

            // After such a long service it starts again without a delay.
            Child().Tell("fail: OOM");
            await ExpectMsgAsync($"started {attempt + 1}");
            Assert.Equal("OOM", Assert.Single(health.Alerts().Alerts).Reason);
        }

        Child().Tell("recover");
        await AwaitConditionAsync(async () => (await StandingAsync()).Down is null);
        Clock.Advance(RestartDelay.Stable - TimeSpan.FromSeconds(1));
        Assert.Null((await StandingAsync()).Down);
        Assert.Equal(1, health.FailingHere);
    }

    [Fact]
    public async Task Should_end_the_alert_when_the_owner_leaves_this_node()
    {
        await ExpectMsgAsync("started 1");
        await FailAsync("gone");
        Assert.Equal(1, health.FailingHere);

        owner.Tell(StopEntity.Instance);

        await AwaitConditionAsync(() => Task.FromResult(health.FailingHere == 0));
    }

    [Fact]
    public async Task Should_leave_waiting_calls_to_be_sent_again_when_it_stops_before_it_has_recovered()
    {
        await ExpectMsgAsync("started 1");
        Sys.EventStream.Subscribe(TestActor, typeof(Akka.Event.DeadLetter));
        owner.Tell("anything", TestActor);

        owner.Tell(StopEntity.Instance);

        var lost = await FishForMessageAsync<Akka.Event.DeadLetter>(letter => letter.Message is "anything");
        Assert.Equal(TestActor, lost.Sender);
    }

    [Fact]
    public async Task Should_start_it_again_at_once_and_keep_its_callers_when_one_write_failed()
    {
        await ExpectMsgAsync("started 1");
        Child().Tell("recover");
        await AwaitConditionAsync(async () => (await StandingAsync()).Down is null);

        Child().Tell("fail: OOM");

        await ExpectMsgAsync("started 2");
        owner.Tell("anything", TestActor);
        Child().Tell("recover");
        await ExpectMsgAsync("2: anything");
    }

    [Fact]
    public async Task Should_refuse_at_once_what_waited_for_a_recovery_that_failed()
    {
        await ExpectMsgAsync("started 1");
        owner.Tell("anything", TestActor);

        Child().Tell("fail: a snapshot cannot be read");

        Assert.Contains("a snapshot cannot be read", (await ExpectMsgAsync<Refused>()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_start_it_again_when_it_threw()
    {
        await ExpectMsgAsync("started 1");
        Child().Tell("throw: no such thing");
        await AwaitConditionAsync(async () => (await StandingAsync()).Down == "no such thing");

        Clock.Advance(TimeSpan.FromSeconds(1));

        await ExpectMsgAsync("started 2");
    }

    [Fact]
    public async Task Should_end_when_its_owner_asked_to_be_passivated_and_was_told_to_stop()
    {
        await ExpectMsgAsync("started 1");
        await WatchAsync(owner);

        Child().Tell("passivate");

        await ExpectMsgAsync("passivate");
        owner.Tell(StopEntity.Instance);
        await ExpectTerminatedAsync(owner);
    }

    [Fact]
    public async Task Should_end_at_once_when_it_is_told_to_stop_while_its_owner_is_down()
    {
        await ExpectMsgAsync("started 1");
        await FailAsync("gone");
        await WatchAsync(owner);

        owner.Tell(StopEntity.Instance);

        await ExpectTerminatedAsync(owner);
    }

    private IActorRef Child() => script.Running!;

    [Fact]
    public async Task Should_hold_messages_back_until_the_node_knows_that_it_was_not_taken_over()
    {
        await ExpectMsgAsync("started 1");
        Child().Tell("recover");
        await AwaitConditionAsync(async () => (await StandingAsync()).Down is null);

        permit.State = ServingPermit.Lapsed;
        owner.Tell("read", TestActor);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ExpectNoMsgAsync(TimeSpan.FromMilliseconds(50));

        permit.State = ServingPermit.Valid;
        Clock.Advance(TimeSpan.FromSeconds(1));
        await ExpectMsgAsync("1: read");
    }

    [Fact]
    public async Task Should_refuse_what_it_held_back_and_all_that_follows_when_the_node_was_taken_over()
    {
        await ExpectMsgAsync("started 1");
        Child().Tell("recover");
        await AwaitConditionAsync(async () => (await StandingAsync()).Down is null);
        permit.State = ServingPermit.Lapsed;
        owner.Tell("read", TestActor);

        permit.State = ServingPermit.Revoked;
        owner.Tell("another read", TestActor);

        Assert.Contains("taken over queue-7", (await ExpectMsgAsync<Refused>()).Message, StringComparison.Ordinal);
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("taken over queue-7", (await ExpectMsgAsync<Refused>()).Message, StringComparison.Ordinal);
        Assert.NotNull((await StandingAsync()).Down);
    }

    private async Task FailAsync(string reason)
    {
        Child().Tell("fail: " + reason);
        await AwaitConditionAsync(async () => (await StandingAsync()).RetryIn is not null);
    }

    private Task<OwnerStanding> StandingAsync() => owner.Ask<OwnerStanding>(new GetOwnerStanding { Number = 7 }, TimeSpan.FromSeconds(10));

    private sealed class Permit : IServingPermit
    {
        public ServingPermit State { get; set; }
    }

    private sealed class Script
    {
        private int starts;

        public IActorRef? Running { get; set; }

        public int Started() => Interlocked.Increment(ref starts);
    }

    private sealed class Parent : UntypedActor
    {
        private readonly IActorRef probe;

        public Parent(Script script, IActorRef probe, Func<TimeSpan> elapsed, IServingPermit permit, OwnerHealth health)
        {
            this.probe = probe;
            Owner = Context.ActorOf(
                OwnerSupervisor.Props("queue-7", Props.Create(() => new ScriptedOwner(script, probe)), elapsed, permit, health));
        }

        public IActorRef Owner { get; }

        protected override void OnReceive(object message)
        {
            if (message is Passivate)
            {
                probe.Tell("passivate");
            }
        }
    }

    private sealed class ScriptedOwner : UntypedActor
    {
        private readonly int number;

        public ScriptedOwner(Script script, IActorRef probe)
        {
            number = script.Started();
            script.Running = Self;
            probe.Tell($"started {number}");
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case "recover":
                    Context.Parent.Tell(OwnerRecovered.Instance);
                    break;
                case "passivate":
                    Context.Parent.Tell(new Passivate(StopEntity.Instance));
                    break;
                case StopEntity:
                    Context.Stop(Self);
                    break;
                case string fail when fail.StartsWith("fail: ", StringComparison.Ordinal):
                    Context.Parent.Tell(new OwnerFailed(fail["fail: ".Length..], null));
                    Context.Stop(Self);
                    break;
                case string thrown when thrown.StartsWith("throw: ", StringComparison.Ordinal):
                    throw new InvalidOperationException(thrown["throw: ".Length..]);
                default:
                    Sender.Tell($"{number}: {message}");
                    break;
            }
        }
    }
}
