using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Actors.Tests.Owners;
using Morag.Failover.Actors.Tests.Storage;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests;

/// <summary>
/// A system for the specs of owners: virtual time, a store that outlives them, and every message to an owner and everything stored
/// through the real serializers.
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
    }

    /// <summary>What the entities store, and what becomes of their writes.</summary>
    protected SpecStore Store { get; }

    /// <summary>The scheduler whose time only moves when a spec moves it.</summary>
    protected TestScheduler Clock => (TestScheduler)Sys.Scheduler;

    /// <summary>Outages of the node that a spec declares.</summary>
    protected DeclaredOutages Outages { get; } = new();

    /// <summary>An outage watch that says what the spec declares.</summary>
    protected sealed class DeclaredOutages : IOutageWatch
    {
        public DateTimeOffset EndedAt { get; set; } = DateTimeOffset.MinValue;

        public DateTimeOffset LastOutageEndedAt() => EndedAt;
    }
}
