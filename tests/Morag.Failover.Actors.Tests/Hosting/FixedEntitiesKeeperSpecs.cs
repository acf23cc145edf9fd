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
        keeper = Sys.ActorOf(Props.Create(() => new FixedEntitiesKeeper(regions, partitions, told, elapsed)));
    }

    public IActorRef Queues => region;

    public IActorRef Coordinators => region;

    public IActorRef Workers => region;

    public IActorRef Directory => region;

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
        Assert.Equal("a snapshot cannot be read", health.Down["queue-1"]);
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
        Assert.Contains("has not answered", Assert.Single(health.Down).Value, StringComparison.Ordinal);
    }

    private async Task ExpectQuestionsAsync()
    {
        for (var owner = 0; owner < 4; owner++)
        {
            _ = await region.ExpectMsgAsync<GetOwnerStanding>();
        }
    }
}
