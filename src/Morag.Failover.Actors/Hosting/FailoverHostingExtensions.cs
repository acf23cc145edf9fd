using System.Globalization;
using Akka.Cluster.Sharding;
using Akka.Hosting;
using Morag.Failover.Actors.Alerts;
using Morag.Failover.Actors.Failover;
using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Metrics;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Persistence;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Hosting;

/// <summary>Adds failover to an actor system that is a member of a cluster.</summary>
public static class FailoverHostingExtensions
{
    /// <summary>
    /// Starts the shard regions of queues, coordinators, workers and directory. Keeps the fixed entities running, forwards live events
    /// between nodes, and makes the regions available to cluster clients.
    /// </summary>
    /// <param name="builder">The builder of the actor system.</param>
    /// <param name="settings">The settings. They must be the same on every node.</param>
    /// <param name="outages">Reports the outages of this node.</param>
    /// <param name="epochs">The granted epochs that this node knows from outside the journal.</param>
    /// <param name="eraser">Creates the eraser that removes the stored history of forgotten workers.</param>
    /// <param name="health">Receives which fixed entities do not serve; null for none.</param>
    /// <param name="permit">Whether this node may still answer for its owners; null if no other node can take over.</param>
    /// <param name="storeUse">The share of the store's memory in use, 0 to 1; null if unlimited or unknown. It must not block.</param>
    /// <param name="webhooks">The receivers of alerts; null for none.</param>
    public static AkkaConfigurationBuilder WithFailover(
        this AkkaConfigurationBuilder builder,
        FailoverSettings settings,
        IOutageWatch outages,
        IEpochFloors epochs,
        Func<ActorSystem, IHistoryEraser> eraser,
        OwnerHealth? health = null,
        IServingPermit? permit = null,
        Func<double?>? storeUse = null,
        IWebhooks? webhooks = null) =>
        builder.WithActors((system, _) =>
        {
            var regions = new ShardedRegions(system);
            var partitions = settings.Partitions;
            var erases = eraser(system);
            var told = health ?? new OwnerHealth();
            Func<TimeSpan> elapsed = () => system.Scheduler.MonotonicClock;
            var watch = new PermitWatch(outages, permit ?? IServingPermit.Always, () => system.Scheduler.Now);
            Props Supervised(string owner, Props props) => OwnerSupervisor.Props(owner, props, elapsed, permit, told);

            StartRegion(system, ShardedRegions.DirectoryType, new BucketExtractor(partitions.DirectoryBuckets),
                id => Supervised(PersistenceIds.DirectoryBucket(Number(id)), WorkerDirectory.Props(Number(id), settings, regions)));
            StartRegion(system, ShardedRegions.WorkerType, new WorkerExtractor(partitions.WorkerShards),
                id => Supervised(
                    PersistenceIds.Worker(new WorkerId(id)),
                    WorkerReliabilityActor.Props(new WorkerId(id), settings, regions, watch, told, erases)));
            StartRegion(system, ShardedRegions.CoordinatorType, new PartitionExtractor(partitions.Coordinators),
                id => Supervised(PersistenceIds.Coordinator(Number(id)), FailoverCoordinator.Props(Number(id), settings, regions)));
            StartRegion(system, ShardedRegions.QueueType, new PartitionExtractor(partitions.Queues),
                id => Supervised(PersistenceIds.Queue(Number(id)), QueueActor.Props(Number(id), settings, regions, watch, epochs)));
            StartRegion(system, ShardedRegions.AlertType, new AlertExtractor(),
                _ => Supervised(
                    PersistenceIds.Alerts,
                    AlertOwner.Props(settings, regions, new ClusterFactsReader(system, regions, settings, told), webhooks)));

            var keeper = system.ActorOf(
                Props.Create(() => new FixedEntitiesKeeper(regions, partitions, told, elapsed, FixedEntitiesKeeper.UsualInterval)),
                "fixed-entities-keeper");
            StopBeforeRegions(system, keeper);
            var tolerance = Gateways.ToleranceOf(settings.Workers);
            system.ActorOf(Props.Create(() => new GatewayWatch(new ClusterPeers(system), watch, tolerance)), GatewayWatch.Name);
            system.ActorOf(Props.Create(() => new UndeliveredCalls(regions)), "undelivered-calls");
            system.ActorOf(Props.Create(() => new AlertReporter(told, storeUse)), AlertReporter.Name);
            system.ActorOf(Props.Create(() => new LiveEventBridge()), "live-event-bridge");
            system.ActorOf(Props.Create(() => new TooLargeWatch(regions.Queues)), "too-large-watch");
            FailoverClient.Admit(system, regions);
            OwnerGauges.Publish(system, settings);
        });

    private static void StartRegion(ActorSystem system, string typeName, IMessageExtractor extractor, Func<string, Props> props)
    {
        var sharding = ClusterSharding.Get(system);
        var settings = ClusterShardingSettings.Create(system);
        var steered = new SteeredAllocation(
            typeName,
            ShardMoves.Of(system),
            sharding.DefaultShardAllocationStrategy(settings),
            Akka.Cluster.Cluster.Get(system).SelfAddress);
        sharding.Start(typeName, PropsOf, settings, extractor, steered, StopEntity.Instance);

        Props PropsOf(string entityId) => entityId == NoSuchEntity.Id ? Props.Create(() => new NoSuchEntity()) : props(entityId);
    }

    /// <summary>
    /// Stops the keeper before the regions: a region that must start an entity while it stops waits for an answer that never comes.
    /// </summary>
    private static void StopBeforeRegions(ActorSystem system, IActorRef keeper) => CoordinatedShutdown.Get(system).AddTask(
        CoordinatedShutdown.PhaseServiceStop,
        "stop-fixed-entities-keeper",
        async () =>
        {
            _ = await keeper.GracefulStop(TimeSpan.FromSeconds(1));
            return Akka.Done.Instance;
        });

    private static int Number(string entityId) => int.Parse(entityId, CultureInfo.InvariantCulture);
}
