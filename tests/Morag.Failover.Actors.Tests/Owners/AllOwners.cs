using System.Globalization;
using Akka.Cluster.Sharding;
using Akka.TestKit;
using Morag.Failover.Actors.Failover;
using Morag.Failover.Actors.Fleet;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Actors.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Owners;

/// <summary>Every owner, as a node runs them: the same entities, the same routes between them, the same fixed ones kept running.</summary>
public sealed class AllOwners : IFailoverRegions
{
    /// <summary>Of real time: an answer that does not come within it never comes, since the clock stands still.</summary>
    private static readonly TimeSpan NeverAnswered = TimeSpan.FromSeconds(20);

    private readonly ExtendedActorSystem system;
    private readonly WorkUnderWay work;

    public AllOwners(ActorSystem system, FailoverSettings settings, IOutageWatch outages)
    {
        this.system = (ExtendedActorSystem)system;
        Settings = settings;
        work = WorkUnderWay.Of(system);
        var partitions = settings.Partitions;
        Directory = Region(
            "directory",
            new BucketExtractor(partitions.DirectoryBuckets),
            id => WorkerDirectory.Props(Number(id), settings, this));
        Workers = Region(
            "workers",
            new WorkerExtractor(partitions.WorkerShards),
            id => WorkerReliabilityActor.Props(new WorkerId(id), settings, this, outages, Health, new SpecEraser(system)));
        Coordinators = Region(
            "coordinators",
            new PartitionExtractor(partitions.Coordinators),
            id => FailoverCoordinator.Props(Number(id), settings, this));
        Queues = Region(
            "queues",
            new PartitionExtractor(partitions.Queues),
            id => QueueActor.Props(Number(id), settings, this, outages, IEpochFloors.None));
        StartFixed();

        IActorRef Region(string name, IMessageExtractor extractor, Func<string, Props> props) =>
            system.ActorOf(Props.Create(() => new EntityRegion(extractor, props)), name);
    }

    public FailoverSettings Settings { get; }

    /// <summary>Which owners the node takes to be down: none, since there is no keeper that asks them.</summary>
    public OwnerHealth Health { get; } = new();

    /// <inheritdoc />
    public IActorRef Queues { get; }

    /// <inheritdoc />
    public IActorRef Coordinators { get; }

    /// <inheritdoc />
    public IActorRef Workers { get; }

    /// <inheritdoc />
    public IActorRef Directory { get; }

    /// <summary>Nobody: alerts only read what the other owners answer.</summary>
    public IActorRef Alerts => ActorRefs.Nobody;

    /// <summary>Waits until every message is handled, with all that came of it.</summary>
    public Task SettleAsync() => work.IsOverAsync().WaitAsync(NeverAnswered);

    private IActorRef[] Everything => [Directory, Workers, Coordinators, Queues];

    /// <summary>
    /// How many virtual seconds an answer may take: none by default. Meanwhile it is asked again where the outcome is unknown, as every
    /// caller may, and the fixed owners are kept running, as every node does.
    /// </summary>
    public int Patience { get; set; }

    /// <summary>
    /// Sends a message, lets everything settle, and gives the answer; a refusal fails where it is not what was asked for.
    /// </summary>
    public async Task<TAnswer> AskAsync<TAnswer>(IActorRef region, IWireMessage message, Address? gateway = null)
        where TAnswer : IWireMessage
    {
        var left = Patience;
        while (true)
        {
            var asked = SendAsync(region, message, gateway);
            await SettleAsync();
            for (; !asked.IsCompleted && left > 0; left--)
            {
                await PassAsync(TimeSpan.FromSeconds(1));
                if (left % 10 == 0 && !asked.IsCompleted)
                {
                    // It lay in the mailbox of an owner that ended at a write of its own: every caller asks again after a while.
                    asked = SendAsync(region, message, gateway);
                    await SettleAsync();
                }
            }

            var answer = await asked;
            await SettleAsync();
            if (left == 0 || typeof(TAnswer) == typeof(Refused) || answer is not Refused { Reason: RefusalReason.Unavailable })
            {
                Assert.True(answer is TAnswer, $"{message.GetType().Name} was answered by {answer}");
                return (TAnswer)WireMailbox.Sent(answer, system);
            }

            left--;
            await PassAsync(TimeSpan.FromSeconds(1));
        }
    }

    private Task<IWireMessage> SendAsync(IActorRef region, IWireMessage message, Address? gateway) => gateway is null
        ? region.Ask<IWireMessage>(message, NeverAnswered)
        : GatewayCaller.AskAsync(gateway, region, message, system, NeverAnswered);

    /// <summary>
    /// Lets time pass in one step: everything that comes due is carried out, and fixed owners that ended are started again.
    /// </summary>
    public async Task PassAsync(TimeSpan time)
    {
        ((TestScheduler)system.Scheduler).Advance(time);
        await SettleAsync();
        await StartFixedAsync();
    }

    /// <summary>
    /// Ends every owner of one kind, as a crash would, and starts it again from what is durable: fixed ones at once, workers when they
    /// are next needed.
    /// </summary>
    public async Task CrashAsync(IActorRef region)
    {
        region.Tell(new EntityRegion.Crash());
        await SettleAsync();
        await StartFixedAsync();
    }

    /// <summary>Ends one worker's entity, as a crash would, and starts it again from what is durable.</summary>
    public async Task CrashAsync(WorkerId worker)
    {
        Workers.Tell(new EntityRegion.Crash(worker.Value));
        await SettleAsync();
        Workers.Tell(new EntityRegion.Start(worker.Value));
        await SettleAsync();
    }

    /// <summary>Ends everything, as a crash of the node would.</summary>
    public Task GoDownAsync() => GoDownAsync(Everything);

    /// <summary>Ends the owners of some kinds, and has what is said to them get lost.</summary>
    public async Task GoDownAsync(params IActorRef[] regions)
    {
        Array.ForEach(regions, region => region.Tell(new EntityRegion.GoDown()));
        await SettleAsync();
    }

    /// <summary>Starts what a node starts; the rest comes back by being woken.</summary>
    public async Task ComeBackAsync()
    {
        Array.ForEach(Everything, region => region.Tell(new EntityRegion.ComeBack()));
        await StartFixedAsync();
    }

    private Task StartFixedAsync()
    {
        StartFixed();
        return SettleAsync();
    }

    private void StartFixed()
    {
        StartAll(Directory, Settings.Partitions.DirectoryBuckets);
        StartAll(Coordinators, Settings.Partitions.Coordinators);
        StartAll(Queues, Settings.Partitions.Queues);

        static void StartAll(IActorRef region, int count)
        {
            for (var number = 0; number < count; number++)
            {
                region.Tell(new EntityRegion.Start(number.ToString(CultureInfo.InvariantCulture)));
            }
        }
    }

    private static int Number(string entityId) => int.Parse(entityId, CultureInfo.InvariantCulture);
}
