using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests;

/// <summary>
/// A system for the specs of one entity: virtual time, a store that outlives the entity, every message to an entity and
/// everything stored through the real serializers, and probes where the other owners would be.
/// </summary>
public abstract class FailoverSpec : TestKit
{
    private static readonly Config Settings = ConfigurationFactory.ParseString(
        """
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          log-dead-letters = off
          scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
          test.timefactor = 4
        }
        """)
        .WithFallback(SpecStore.Config)
        .WithFallback(WorkUnderWay.Counted)
        .WithFallback(WireMailbox.OfEntities)
        .WithFallback(FailoverSerialization.Config);

    protected FailoverSpec(ITestOutputHelper output)
        : base(ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(Settings), new SpecStoreSetup(new SpecStore())), output: output)
    {
        Store = SpecStoreSetup.Of(Sys);
        Regions = new ProbeRegions(this);
    }

    /// <summary>What the entities store, and what becomes of their writes.</summary>
    protected SpecStore Store { get; }

    /// <summary>The scheduler whose time only moves when a spec moves it.</summary>
    protected TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    /// <summary>Probes where the other owners would be.</summary>
    protected ProbeRegions Regions { get; }

    /// <summary>Outages of the node that a spec declares.</summary>
    protected DeclaredOutages Outages { get; } = new();

    /// <summary>Starts an entity.</summary>
    protected IActorRef Start(Props props) => Sys.ActorOf(props);

    /// <summary>Ends an entity as a crash would, without warning, and starts it again from what is durable.</summary>
    protected async Task<IActorRef> KillAndRecoverAsync(IActorRef entity, Props props)
    {
        await WatchAsync(entity);
        Sys.Stop(entity);
        await ExpectTerminatedAsync(entity);
        return Start(props);
    }

    /// <summary>Ends an entity as a hand-off would: what is under way is finished first.</summary>
    protected async Task StopAsync(IActorRef entity)
    {
        await WatchAsync(entity);
        entity.Tell(StopEntity.Instance);
        await ExpectTerminatedAsync(entity);
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
    }

    /// <summary>An outage watch that says what the spec declares.</summary>
    protected sealed class DeclaredOutages : IOutageWatch
    {
        public DateTimeOffset EndedAt { get; set; } = DateTimeOffset.MinValue;

        public DateTimeOffset LastOutageEndedAt(DateTimeOffset now) => EndedAt;
    }
}
