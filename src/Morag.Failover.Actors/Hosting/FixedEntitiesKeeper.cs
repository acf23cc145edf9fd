using System.Globalization;
using Akka.Cluster.Sharding;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Hosting;

/// <summary>
/// Keeps the fixed entities running: every node asks again and again for each queue partition, coordinator and directory bucket to
/// be started. Where one runs already nothing happens; where it stopped because storage failed, it comes back.
/// </summary>
internal sealed class FixedEntitiesKeeper : UntypedActor, IWithTimers
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    private readonly IFailoverRegions regions;
    private readonly PartitionSettings partitions;

    public FixedEntitiesKeeper(IFailoverRegions regions, PartitionSettings partitions)
    {
        this.regions = regions;
        this.partitions = partitions;
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart() => Timers.StartPeriodicTimer(nameof(Tick), Tick.Instance, TimeSpan.Zero, Interval);

    protected override void OnReceive(object message)
    {
        if (message is not Tick)
        {
            return;
        }

        StartAll(regions.Directory, partitions.DirectoryBuckets);
        StartAll(regions.Coordinators, partitions.Coordinators);
        StartAll(regions.Queues, partitions.Queues);
    }

    private static void StartAll(IActorRef region, int count)
    {
        for (var number = 0; number < count; number++)
        {
            region.Tell(new ShardRegion.StartEntity(number.ToString(CultureInfo.InvariantCulture)));
        }
    }

    private sealed class Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }
}
