using Akka.TestKit;
using Morag.Failover.Actors.Persistence;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Owners;

/// <summary>One owner alone, with probes where the others would be.</summary>
public abstract class OwnerSpec : FailoverSpec
{
    protected OwnerSpec(ITestOutputHelper output)
        : base(output)
    {
        Regions = new ProbeRegions(this);
    }

    /// <summary>Probes where the other owners would be.</summary>
    protected ProbeRegions Regions { get; }

    /// <summary>Starts an entity.</summary>
    protected IActorRef Start(Props props) => Sys.ActorOf(props);

    /// <summary>Ends an entity as a crash would, without warning, and starts it again from what is durable.</summary>
    protected async Task<IActorRef> KillAndRecoverAsync(IActorRef entity, Props props)
    {
        await SettleAsync();
        Sys.Stop(entity);
        await SettleAsync();
        return Start(props);
    }

    /// <summary>Ends an entity as a hand-off would: what is under way is finished first.</summary>
    protected async Task StopAsync(IActorRef entity)
    {
        await WatchAsync(entity);
        entity.Tell(StopEntity.Instance);
        await ExpectTerminatedAsync(entity);
    }

    /// <summary>Lets time pass, a second at a time, and everything be handled that comes due in it.</summary>
    protected async Task PassAsync(TimeSpan time)
    {
        await SettleAsync();
        for (var left = time; left > TimeSpan.Zero; left -= TimeSpan.FromSeconds(1))
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await SettleAsync();
        }
    }

    /// <summary>Waits until everything that was sent is handled, with all that came of it.</summary>
    protected Task SettleAsync() => WorkUnderWay.Of(Sys).IsOverAsync();

    /// <summary>The messages of one kind that a probe got, once everything is handled; those of other kinds are dropped.</summary>
    protected async Task<IReadOnlyList<T>> GotAsync<T>(TestProbe probe)
    {
        await SettleAsync();
        var got = new List<T>();
        while (probe.HasMessages)
        {
            if (await probe.ReceiveOneAsync(TimeSpan.Zero) is T message)
            {
                got.Add(message);
            }
        }

        return got;
    }

    /// <summary>Four probes behind the regions' interface.</summary>
    protected sealed class ProbeRegions(TestKitBase kit) : IFailoverRegions
    {
        public TestProbe QueuesProbe { get; } = kit.CreateTestProbe("queues");

        public TestProbe CoordinatorsProbe { get; } = kit.CreateTestProbe("coordinators");

        public TestProbe WorkersProbe { get; } = kit.CreateTestProbe("workers");

        public TestProbe DirectoryProbe { get; } = kit.CreateTestProbe("directory");

        public IActorRef Queues => QueuesProbe.Ref;

        public IActorRef Coordinators => CoordinatorsProbe.Ref;

        public IActorRef Workers => WorkersProbe.Ref;

        public IActorRef Directory => DirectoryProbe.Ref;

        public IActorRef Alerts => ActorRefs.Nobody;
    }
}
