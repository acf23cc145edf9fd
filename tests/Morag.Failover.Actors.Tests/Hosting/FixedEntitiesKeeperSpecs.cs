using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Hosting;

/// <summary>Which fixed owners serve, as a node knows it.</summary>
public sealed class FixedEntitiesKeeperSpecs : TestKit, IFailoverRegions
{
    private readonly OwnerHealth health = new();
    private readonly TestProbe region;
    private readonly IActorRef keeper;

    public FixedEntitiesKeeperSpecs()
        : base(
            "akka { test.timefactor = 4, loglevel = OFF, stdout-loglevel = OFF, "
            + """scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit" }""")
    {
        region = CreateTestProbe();
        var (regions, told) = ((IFailoverRegions)this, health);
        Func<TimeSpan> elapsed = () => Clock.Now - DateTimeOffset.UnixEpoch;
        var partitions = new PartitionSettings { Queues = 2, Coordinators = 1, DirectoryBuckets = 1 };
        var interval = FixedEntitiesKeeper.UsualInterval;
        keeper = Sys.ActorOf(Props.Create(() => new FixedEntitiesKeeper(regions, partitions, told, elapsed, interval)));
    }

    public IActorRef Queues => region;

    public IActorRef Coordinators => region;

    public IActorRef Workers => region;

    public IActorRef Directory => region;

    public IActorRef Alerts => ActorRefs.Nobody;

    private TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    [Fact]
    public async Task Should_name_those_that_are_down_with_the_reason()
    {
        await ExpectQuestionsAsync();
        Assert.Equal(["coordinator-0", "directory-0", "queue-0", "queue-1"], health.Down.Keys.Order(StringComparer.Ordinal));

        foreach (var owner in new[] { "coordinator-0", "directory-0", "queue-0" })
        {
            keeper.Tell(new OwnerStanding { Owner = owner });
        }

        keeper.Tell(new OwnerStanding { Owner = "queue-1", Down = "a snapshot cannot be read" });

        await AwaitConditionAsync(() => Task.FromResult(health.Down.Count == 1));
        Assert.Equal("a snapshot cannot be read", health.Down["queue-1"].Why);
    }

    [Fact]
    public async Task Should_name_one_that_served_and_is_silent_for_long()
    {
        await ExpectQuestionsAsync();
        foreach (var owner in new[] { "coordinator-0", "directory-0", "queue-0", "queue-1" })
        {
            keeper.Tell(new OwnerStanding { Owner = owner });
        }

        await AwaitConditionAsync(() => Task.FromResult(health.Down.Count == 0));
        for (var round = 0; round < 4; round++)
        {
            Clock.Advance(TimeSpan.FromSeconds(3));
            await ExpectQuestionsAsync();
            foreach (var owner in new[] { "coordinator-0", "directory-0", "queue-0" })
            {
                keeper.Tell(new OwnerStanding { Owner = owner });
            }
        }

        await AwaitConditionAsync(() => Task.FromResult(health.Down.ContainsKey("queue-1")));
        Assert.Contains("has not answered", Assert.Single(health.Down).Value.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_not_name_one_that_recovers_on_its_way_to_another_node_until_that_takes_long()
    {
        await ExpectQuestionsAsync();
        string[] all = ["coordinator-0", "directory-0", "queue-0", "queue-1"];
        foreach (var owner in all)
        {
            keeper.Tell(new OwnerStanding { Owner = owner });
        }

        await AwaitConditionAsync(() => Task.FromResult(health.Down.Count == 0));
        keeper.Tell(new OwnerStanding { Owner = "queue-1", Down = "it has been recovering for 0.1 s" });
        keeper.Tell(new OwnerStanding { Owner = "queue-0", Down = "a write failed", RetryIn = TimeSpan.FromSeconds(1) });

        await AwaitConditionAsync(() => Task.FromResult(health.Down.Count > 0));
        Assert.Equal("queue-0", Assert.Single(health.Down).Key);

        Clock.Advance(TimeSpan.FromSeconds(6));
        keeper.Tell(new OwnerStanding { Owner = "queue-1", Down = "it has been recovering for 6 s" });

        await AwaitConditionAsync(() => Task.FromResult(health.Down.ContainsKey("queue-1")));
    }

    [Fact]
    public async Task Should_count_one_that_recovers_for_the_first_time_as_starting_until_it_fails()
    {
        await ExpectQuestionsAsync();

        keeper.Tell(new OwnerStanding { Owner = "queue-1", Down = "it has been recovering for 0.1 s" });
        await AwaitConditionAsync(() => Task.FromResult(health.Down["queue-1"].Why.Contains("0.1 s", StringComparison.Ordinal)));
        Assert.True(health.Down["queue-1"].IsStarting);

        keeper.Tell(new OwnerStanding { Owner = "queue-1", Down = "a snapshot cannot be read", RetryIn = TimeSpan.FromSeconds(1) });
        await AwaitConditionAsync(() => Task.FromResult(!health.Down["queue-1"].IsStarting));

        // It recovers again: it is known to fail until it serves.
        keeper.Tell(new OwnerStanding { Owner = "queue-1", Down = "it is recovering from a failure" });
        await AwaitConditionAsync(() => Task.FromResult(health.Down["queue-1"].Why == "it is recovering from a failure"));
        Assert.False(health.Down["queue-1"].IsStarting);
    }

    private async Task ExpectQuestionsAsync()
    {
        for (var owner = 0; owner < 4; owner++)
        {
            _ = await region.ExpectMsgAsync<GetOwnerStanding>();
        }
    }
}
