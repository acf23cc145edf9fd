using System.Globalization;
using Akka.Actor.Setup;
using Akka.Cluster.Sharding;
using Akka.Configuration;
using Akka.Event;
using Morag.Failover.Actors;
using Morag.Failover.Actors.Failover;
using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Actors.Timing;
using Morag.Failover.Actors.Workers;
using Morag.Failover.Contracts.Live;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Simulation.Clusters;
using Morag.Failover.Simulation.Storage;
using Morag.Failover.Simulation.Worlds;

namespace Morag.Failover.Simulation.Nodes;

/// <summary>
/// One run of a node: an actor system with the real owners, the real supervisors and the real keeper. Its clocks, its dispatchers, its
/// store and its ways to the other nodes are simulated.
/// </summary>
internal sealed class SimulatedNode : IFailoverRegions
{
    private const int MostHops = 3;

    private static readonly Config Settings = ConfigurationFactory.ParseString(
        $$"""
        akka {
          loglevel = WARNING
          stdout-loglevel = OFF
          loggers = []
          log-dead-letters = off
          log-dead-letters-during-shutdown = off
          scheduler.implementation = "{{typeof(SimulatedScheduler).AssemblyQualifiedName}}"
          coordinated-shutdown.run-by-clr-shutdown-hook = off
          actor {
            default-dispatcher { executor = "{{Executor}}", throughput = 1 }
            internal-dispatcher { type = Dispatcher, executor = "{{Executor}}", throughput = 1 }
          }
          persistence {
            dispatchers {
              default-plugin-dispatcher { type = Dispatcher, executor = "{{Executor}}", throughput = 1 }
              default-replay-dispatcher { type = Dispatcher, executor = "{{Executor}}", throughput = 1 }
            }
            journal.plugin = "akka.persistence.journal.simulated"
            journal.simulated {
              class = "{{typeof(SimulatedJournal).AssemblyQualifiedName}}"
              plugin-dispatcher = "akka.persistence.dispatchers.default-plugin-dispatcher"
            }
            snapshot-store.plugin = "akka.persistence.snapshot-store.simulated"
            snapshot-store.simulated {
              class = "{{typeof(SimulatedSnapshots).AssemblyQualifiedName}}"
              plugin-dispatcher = "akka.persistence.dispatchers.default-plugin-dispatcher"
            }
          }
        }
        """).WithFallback(FailoverSerialization.Config);

    [ThreadStatic]
    private static SimulatedNode? starting;

    private readonly NodeTime time;
    private readonly List<Action> held = [];
    private readonly Dictionary<(IActorRef Actor, SimulatedNode By), IActorRef> seen = [];
    private readonly Dictionary<RegionKind, IMessageExtractor> extractors;
    private readonly Dictionary<RegionKind, IActorRef> localRegions = [];
    private readonly Dictionary<RegionKind, IActorRef> routers = [];
    private readonly SimulatedCluster cluster;
    private bool followsClock;

    public SimulatedNode(SimulatedCluster cluster, int slot, string name, TimeSpan clockAhead, SimulationPlan plan)
    {
        var settings = plan.Settings;
        this.cluster = cluster;
        World = cluster.World;
        Slot = slot;
        Name = name;
        Peers = new SimulatedPeers(this);
        time = new NodeTime(this) { Ahead = clockAhead };
        Clock = new SteadyClock(time);
        var partitions = settings.Partitions;
        extractors = new()
        {
            [RegionKind.Directory] = new BucketExtractor(partitions.DirectoryBuckets),
            [RegionKind.Workers] = new WorkerExtractor(partitions.WorkerShards),
            [RegionKind.Coordinators] = new PartitionExtractor(partitions.Coordinators),
            [RegionKind.Queues] = new PartitionExtractor(partitions.Queues),
        };
        Presence = new SimulatedPresence(this, time, plan.Pace.PresenceTimeout);
        Outages = new PermitWatch(
            new FreezeWatch(Clock, settings.Workers.FreezeTolerance, () => null, () => TimeSpan.Zero), Presence, Clock.GetUtcNow);
        starting = this;
        System = (ExtendedActorSystem)ActorSystem.Create(name, ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(Settings),
            new NodeSetup(this),
            new Chance(new Random(cluster.World.Random.Next()))));
        starting = null;
        foreach (var kind in extractors.Keys)
        {
            routers[kind] = new RouterRef(this, kind);
        }

        StartRegions(settings, plan.Pace.KeeperInterval);
        Listen();
    }

    /// <summary>The node whose actor system is being created on this thread.</summary>
    public static SimulatedNode? Starting => starting;

    public World World { get; }

    public int Slot { get; }

    public string Name { get; }

    public ExtendedActorSystem System { get; }

    public SteadyClock Clock { get; }

    public IOutageWatch Outages { get; }

    /// <summary>Whether it may answer for its owners.</summary>
    public SimulatedPresence Presence { get; }

    /// <summary>The other nodes as this one sees them.</summary>
    public SimulatedPeers Peers { get; }

    /// <summary>Where this node believes the owners to be.</summary>
    public Dictionary<string, int> Routes { get; set; } = [];

    /// <summary>Whether it has joined the cluster.</summary>
    public bool Joined { get; set; }

    public bool IsDead { get; private set; }

    public bool IsFrozen { get; private set; }

    public SimulatedCluster Cluster => cluster;

    public IActorRef Queues => routers[RegionKind.Queues];

    public IActorRef Coordinators => routers[RegionKind.Coordinators];

    public IActorRef Workers => routers[RegionKind.Workers];

    public IActorRef Directory => routers[RegionKind.Directory];

    /// <summary>Nobody: alerts only read what the other owners answer.</summary>
    public IActorRef Alerts => ActorRefs.Nobody;

    private static string Executor => typeof(SimulatedExecutor.Configurator).AssemblyQualifiedName!;

    /// <summary>Runs something on this node: at once, after the thaw if it is frozen, and never if it is dead.</summary>
    public void Do(Action action)
    {
        if (IsFrozen && !IsDead)
        {
            held.Add(action);
        }
        else if (!IsDead)
        {
            action();
        }
    }

    /// <summary>Ends it without a word, like kill -9.</summary>
    public void Kill()
    {
        IsDead = true;
        held.Clear();
    }

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        var waiting = held.ToList();
        held.Clear();
        waiting.ForEach(Do);
    }

    /// <summary>Sets the wall clock. The node's steady clock follows it, as ClockWatch has it, until both agree again.</summary>
    public void JumpClock(TimeSpan by)
    {
        time.Ahead += by;
        if (!followsClock)
        {
            followsClock = true;
            World.After(SteadyClock.FollowInterval * World.Random.NextDouble(), FollowClock, this);
        }
    }

    /// <summary>Sends a message to the owner that it names, wherever this node believes it to be.</summary>
    public void Route(RegionKind kind, object message, IActorRef sender, int hops = 0)
    {
        if (cluster.Sabotage.Loses(message)
            || KeyOf(kind, message) is not { } key
            || cluster.Locate(this, key) is not { } slot)
        {
            return;
        }

        var arriving = cluster.Sabotage.Arriving(message);
        cluster.Network.Send(this, slot, target => target.Receive(kind, key, arriving, Seen(sender, target), hops));
    }

    /// <summary>An actor that this node refers to, as another node refers to it.</summary>
    public IActorRef Seen(IActorRef actor, SimulatedNode by)
    {
        if (actor is PeerRef or ReplyRef || by == this)
        {
            return PeerRef.Seen(actor, this, by);
        }

        if (!seen.TryGetValue((actor, by), out var peer))
        {
            seen[(actor, by)] = peer = PeerRef.Seen(actor, this, by);
        }

        return peer;
    }

    /// <summary>Stops the entities of a shard in order, and then calls back.</summary>
    public void HandOff(RegionKind kind, string shard, Action done) =>
        localRegions[kind].Tell(new EntityHost.HandOff(shard, done));

    /// <summary>The shard that a message is for, as owners are assigned.</summary>
    private string? KeyOf(RegionKind kind, object message) =>
        extractors[kind] is var extractor && extractor.EntityId(message) is { } entity
            ? cluster.KeyOf(kind, extractor.ShardId(entity, message)!)
            : null;

    private void Receive(RegionKind kind, string key, object message, IActorRef sender, int hops)
    {
        if (cluster.Locate(this, key) == Slot)
        {
            localRegions[kind].Tell(message, sender);
        }
        else if (hops < MostHops)
        {
            Route(kind, message, sender, hops + 1);
        }
    }

    private void StartRegions(FailoverSettings settings, TimeSpan keeperInterval)
    {
        var health = new OwnerHealth();
        var eraser = new SimulatedEraser(cluster.Store);
        StartRegion(RegionKind.Directory, id => WorkerDirectory.Props(Number(id), settings, this), PersistenceIds.DirectoryBucket);
        StartRegion(RegionKind.Coordinators, id => FailoverCoordinator.Props(Number(id), settings, this), PersistenceIds.Coordinator);
        StartRegion(
            RegionKind.Queues, id => QueueActor.Props(Number(id), settings, this, Outages, IEpochFloors.None), PersistenceIds.Queue);
        StartRegion(
            RegionKind.Workers,
            id => WorkerReliabilityActor.Props(new(id), settings, this, Outages, health, eraser),
            id => PersistenceIds.Worker(new(id)));
        Func<TimeSpan> elapsed = () => World.Now;
        var tolerance = Gateways.ToleranceOf(settings.Workers);
        System.ActorOf(Props.Create(() => new GatewayWatch(Peers, Outages, tolerance)), GatewayWatch.Name);
        System.ActorOf(Props.Create(() => new FixedEntitiesKeeper(this, settings.Partitions, health, elapsed, keeperInterval)), "keeper");
    }

    private void StartRegion(RegionKind kind, Func<string, Props> props, Func<int, string> persistenceId) =>
        StartRegion(kind, props, id => persistenceId(Number(id)));

    private void StartRegion(RegionKind kind, Func<string, Props> props, Func<string, string> persistenceId)
    {
        Func<TimeSpan> elapsed = () => World.Now;
        Props Supervised(string id) => id == NoSuchEntity.Id
            ? Props.Create(() => new NoSuchEntity())
            : OwnerSupervisor.Props(persistenceId(id), props(id), elapsed, Presence);
        var extractor = extractors[kind];
        Func<string, Props> supervised = Supervised;
        Action<object, IActorRef> moved = (message, sender) => Route(kind, message, sender);
        localRegions[kind] = System.ActorOf(Props.Create(() => new EntityHost(extractor, supervised, moved)), kind.ToString());
    }

    private void Listen()
    {
        var listener = new CallbackRef(System.Provider, "listener", (happened, _) => cluster.OnNodeEvent(this, happened));
        System.EventStream.Subscribe(listener, typeof(Error));
        System.EventStream.Subscribe(listener, typeof(Warning));
        System.EventStream.Subscribe(listener, typeof(ILiveEvent));
    }

    private void FollowClock()
    {
        _ = Clock.Follow();
        followsClock = Clock.Reading.WallClockAhead.Duration() > TimeSpan.FromMilliseconds(1);
        if (followsClock)
        {
            World.After(SteadyClock.FollowInterval, FollowClock, this);
        }
    }

    private static int Number(string id) => int.Parse(id, CultureInfo.InvariantCulture);
}
