using Akka.Cluster.Tools.Client;
using Akka.Configuration;
using Akka.Event;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Actors.Outages;
using Morag.Failover.Actors.Queues;
using Morag.Failover.Actors.Serialization;
using Morag.Failover.Actors.Tests.Storage;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Cluster;

/// <summary>
/// Two nodes and a client in one process: each an actor system of its own with remoting on loopback. The nodes are hosted as the node
/// hosts itself, on its own <c>hocon/akka.conf</c>, and share one store, as nodes share one Redis.
/// </summary>
public sealed class ClusterNodes : IAsyncLifetime
{
    private static readonly Config Quiet = ConfigurationFactory.ParseString(
        "akka { loglevel = ERROR, stdout-loglevel = OFF, loggers = [] }");

    private static readonly Config NodeConfig = Quiet
        .WithFallback(ConfigurationFactory.ParseString(
            """
            akka.cluster {
              # The node's own needs a lease in Redis.
              downing-provider-class = ""
              gossip-interval = 200ms
              leader-actions-interval = 200ms
              periodic-tasks-initial-delay = 100ms
              sharding.retry-interval = 200ms
            }
            """))
        .WithFallback(ConfigurationFactory.ParseString(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "akka.conf"))))
        .WithFallback(SpecStore.Config)
        .WithFallback(FailoverSerialization.Config);

    private readonly SpecStore store = new();
    private readonly List<IHost> nodes = [];
    private readonly SystemErrors errors = new();
    private ActorSystem client = null!;

    public static FailoverSettings Settings { get; } = FailoverSettings.Default with
    {
        Partitions = new PartitionSettings { Queues = 2, Coordinators = 4, DirectoryBuckets = 2, WorkerShards = 10 },
    };

    /// <summary>The systems of the two nodes.</summary>
    public IReadOnlyList<ActorSystem> Systems => [.. nodes.Select(node => node.Services.GetRequiredService<ActorSystem>())];

    /// <summary>Each way into the cluster, by its name.</summary>
    public IReadOnlyDictionary<string, WayIn> Ways { get; private set; } = ImmutableDictionary<string, WayIn>.Empty;

    /// <summary>What went wrong in any of the systems, such as a message that nobody could write or read.</summary>
    public IReadOnlyCollection<string> Errors => errors.Seen;

    public async Task InitializeAsync()
    {
        var first = await StartNodeAsync();
        var second = await StartNodeAsync();
        Ways = new Dictionary<string, WayIn>
        {
            ["first node"] = WayIn.OfNode(first),
            ["second node"] = WayIn.OfNode(second),
            ["client"] = WayIn.OfClient(StartClient(AddressOf(first))),
        };
    }

    public async Task DisposeAsync()
    {
        await client.Terminate();
        foreach (var node in nodes)
        {
            await node.StopAsync();
            node.Dispose();
        }
    }

    private async Task<ActorSystem> StartNodeAsync()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddAkka("morag", akka => akka
            .AddHocon(NodeConfig, HoconAddMode.Prepend)
            .AddSetup(new SpecStoreSetup(store))
            .WithFailover(Settings, new NoOutages(), IEpochFloors.None, system => new SpecEraser(system)));
        var node = builder.Build();
        await node.StartAsync();
        nodes.Add(node);
        var system = node.Services.GetRequiredService<ActorSystem>();
        errors.Watch(system);
        await Akka.Cluster.Cluster.Get(system).JoinAsync(AddressOf(nodes[0].Services.GetRequiredService<ActorSystem>()));
        return system;
    }

    /// <summary>A system outside the cluster that has no more than docs/cluster-client.md asks of it.</summary>
    private IActorRef StartClient(Address node)
    {
        client = ActorSystem.Create("a-client", Quiet
            .WithFallback(ConfigurationFactory.ParseString(
                $$"""
                akka {
                  actor.provider = remote
                  remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
                  cluster.client.initial-contacts = ["{{node}}/system/receptionist"]
                }
                """))
            .WithFallback(FailoverClient.Config));
        errors.Watch(client);
        return client.ActorOf(ClusterClient.Props(ClusterClientSettings.Create(client)), "failover");
    }

    private static Address AddressOf(ActorSystem system) => Akka.Cluster.Cluster.Get(system).SelfAddress;

    private sealed class NoOutages : IOutageWatch
    {
        public DateTimeOffset LastOutageEndedAt() => DateTimeOffset.MinValue;
    }

    private sealed class SystemErrors
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> seen = new();

        public IReadOnlyCollection<string> Seen => seen;

        public void Watch(ActorSystem system) =>
            system.EventStream.Subscribe<Error>(system.ActorOf(Props.Create(() => new Collector(seen))));

        private sealed class Collector : UntypedActor
        {
            private readonly System.Collections.Concurrent.ConcurrentQueue<string> seen;

            public Collector(System.Collections.Concurrent.ConcurrentQueue<string> seen) => this.seen = seen;

            protected override void OnReceive(object message) => seen.Enqueue($"{Context.System.Name}: {message}");
        }
    }
}
