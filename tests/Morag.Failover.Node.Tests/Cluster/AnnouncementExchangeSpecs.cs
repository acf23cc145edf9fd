using Akka.Actor;
using Akka.Configuration;
using Akka.DistributedData;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Tests.Http;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>Every node knows the HTTP addresses of the others.</summary>
public sealed class AnnouncementExchangeSpecs : IAsyncLifetime
{
    private static readonly Config Settings = ConfigurationFactory.ParseString(
        """
        akka.loglevel = ERROR
        akka.stdout-loglevel = ERROR
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = 127.0.0.1, port = 0 }
        akka.cluster.roles = [journal-1, edge]
        akka.coordinated-shutdown.exit-clr = off
        akka.cluster.distributed-data { gossip-interval = 200ms, notify-subscribers-interval = 100ms }
        """).WithFallback(DistributedData.DefaultConfig());

    private readonly List<ActorSystem> nodes = [];

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Task.WhenAll(nodes.Select(node => node.Terminate()));

    [Fact]
    public async Task Should_list_the_addresses_of_all_nodes_when_any_of_them_is_asked()
    {
        var first = Join();
        first.Announcements.Announce("http://10.0.0.1:8080");
        var second = Join();
        second.Announcements.Announce("http://10.0.0.2:8080");
        var silent = Join();

        foreach (var asked in new[] { first, second, silent })
        {
            await Eventually.IsTrue(() => asked.List().Select(node => node.Address).Order()
                .SequenceEqual([null, "http://10.0.0.1:8080", "http://10.0.0.2:8080"]));
            Assert.All(asked.List(), node => Assert.True(node is { Reachable: true }));
            Assert.All(asked.List(), node => Assert.Equal<string>(["edge"], node.Roles));
            Assert.True(asked.List()[0].Self);
            Assert.Single(asked.List(), node => node.Self);
        }
    }

    [Fact]
    public async Task Should_forget_a_node_when_it_has_left()
    {
        var first = Join();
        var leaving = Join();
        leaving.Announcements.Announce("http://10.0.0.2:8080");
        await Eventually.IsTrue(() => first.List().Any(node => node.Address == "http://10.0.0.2:8080"));

        await Akka.Cluster.Cluster.Get(leaving.System).LeaveAsync();

        await Eventually.IsTrue(() => first.List().Length == 1 && first.Announcements.Known.IsEmpty);
    }

    private Member Join()
    {
        var system = ActorSystem.Create("announcements", Settings);
        nodes.Add(system);
        var announcements = new NodeAnnouncements();
        system.ActorOf(Props.Create(() => new AnnouncementExchange(announcements)), "announcement-exchange");
        Akka.Cluster.Cluster.Get(system).Join(Akka.Cluster.Cluster.Get(nodes[0]).SelfAddress);
        return new Member(system, announcements);
    }

    private sealed record Member(ActorSystem System, NodeAnnouncements Announcements)
    {
        public ClusterNode[] List()
        {
            var cluster = Akka.Cluster.Cluster.Get(System);
            return [.. Announcements.List(cluster.State, cluster.SelfUniqueAddress)];
        }
    }
}
