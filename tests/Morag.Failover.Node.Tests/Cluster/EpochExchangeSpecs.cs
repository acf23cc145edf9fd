using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Akka.DistributedData;
using Microsoft.Extensions.Logging.Abstractions;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Stores;
using Morag.Failover.Node.Tests.Http;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>
/// Every node learns which epochs the others recorded: so whoever owns a partition next grants higher ones, even if Redis lost its data.
/// </summary>
public sealed class EpochExchangeSpecs : IAsyncLifetime
{
    private static readonly Config Settings = ConfigurationFactory.ParseString(
        """
        akka.loglevel = ERROR
        akka.stdout-loglevel = ERROR
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.coordinated-shutdown.exit-clr = off
        akka.cluster.distributed-data { gossip-interval = 200ms, notify-subscribers-interval = 100ms }
        """).WithFallback(DistributedData.DefaultConfig());

    private readonly string folder = Directory.CreateTempSubdirectory("morag-epoch-exchange-").FullName;
    private readonly List<ActorSystem> nodes = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await Task.WhenAll(nodes.Select(node => node.Terminate()));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Should_tell_the_other_nodes_when_epochs_are_recorded()
    {
        var first = Record("first");
        var second = Record("second");
        Join(first, second);

        first.Reserve(0, new LeaseEpoch(5_000));
        second.Reserve(1, new LeaseEpoch(7_000));

        await Eventually.IsTrue(() => second.Of(0).Value >= 5_000 && first.Of(1).Value >= 7_000);
        Assert.InRange(Again("second").Of(0).Value, 5_000, long.MaxValue);
    }

    [Fact]
    public async Task Should_tell_a_node_that_joins_later_what_was_recorded_before_its_time()
    {
        Record("first").Reserve(0, new LeaseEpoch(5_000));
        var first = Again("first");
        Join(first);
        var late = Record("late");

        Join(late);

        await Eventually.IsTrue(() => late.Of(0).Value >= 5_000);
    }

    [Fact]
    public async Task Should_agree_on_the_highest_epoch_when_a_node_comes_with_an_older_record()
    {
        Record("ahead").Reserve(0, new LeaseEpoch(90_000));
        Record("behind").Reserve(0, new LeaseEpoch(10));
        var (ahead, behind) = (Again("ahead"), Again("behind"));

        Join(ahead);
        Join(behind);
        await Eventually.IsTrue(() => behind.Of(0).Value >= 90_000);
        behind.Reserve(1, new LeaseEpoch(1));
        await Eventually.IsTrue(() => ahead.Of(1).Value >= 1);

        Assert.InRange(ahead.Of(0).Value, 90_000, 100_000);
    }

    private EpochRecord Record(string node)
    {
        JournalRecord.Open(File(node)).Write(new RecordedJournal { JournalId = "one" });
        return Again(node);
    }

    private EpochRecord Again(string node) => new(JournalRecord.Open(File(node)), TimeProvider.System, NullLogger.Instance);

    private string File(string node) => Path.Combine(folder, $"{node}.json");

    private void Join(params EpochRecord[] records)
    {
        foreach (var record in records)
        {
            var node = ActorSystem.Create("epochs", Settings);
            nodes.Add(node);
            node.ActorOf(Props.Create(() => new EpochExchange(record)), "epoch-exchange");
            Akka.Cluster.Cluster.Get(node).Join(Akka.Cluster.Cluster.Get(nodes[0]).SelfAddress);
        }
    }
}
