using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Morag.Failover.Actors.Hosting;
using Morag.Failover.Node.Cluster;
using Morag.Failover.Node.Stores;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>
/// Whose presence in Redis a member ends when its cluster downs nodes. There are two members, of which only one keeps its presence.
/// </summary>
public sealed class PresenceKeeperSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    // Nothing downs by itself, so that the specs decide who is downed.
    private static readonly Config Settings = ConfigurationFactory.ParseString(
        """
        akka.loglevel = ERROR
        akka.stdout-loglevel = OFF
        akka.actor.provider = cluster
        akka.remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0 }
        akka.coordinated-shutdown { run-by-clr-shutdown-hook = off, exit-clr = off }
        """);

    private readonly ActorSystem[] systems = [ActorSystem.Create("presence", Settings), ActorSystem.Create("presence", Settings)];
    private readonly List<PresenceTable> tables = [];

    private Akka.Cluster.Cluster Keeper => Akka.Cluster.Cluster.Get(systems[0]);

    private Akka.Cluster.Cluster Other => Akka.Cluster.Cluster.Get(systems[1]);

    public async Task InitializeAsync()
    {
        await server.FlushAsync();
        await Keeper.JoinAsync(Keeper.SelfAddress);
        await Other.JoinAsync(Keeper.SelfAddress);
    }

    public async Task DisposeAsync()
    {
        await Task.WhenAll(systems.Select(system => system.Terminate()));
        tables.ForEach(table => table.Dispose());
    }

    [ServerFact]
    public async Task Should_end_the_presence_of_a_node_that_the_cluster_downs()
    {
        var table = await KeepAsync(renewal: TimeSpan.FromMilliseconds(250));

        Keeper.Down(Other.SelfAddress);

        await HoldsAsync(async () => (await table.RenewAsync(MemberId.Of(Other.SelfUniqueAddress))).Nodes is null);
    }

    /// <summary>
    /// Two nodes that have lost each other may both reach a third one. If the one without the lease of the split brain resolver downs
    /// itself and the third one, the other one keeps it.
    /// </summary>
    [ServerFact]
    public async Task Should_not_end_the_presence_of_nodes_that_its_side_downs_together_with_itself()
    {
        var table = await KeepAsync(renewal: TimeSpan.FromMinutes(1));

        Keeper.Down(Other.SelfAddress);
        Keeper.Down(Keeper.SelfAddress);

        await Keeper.System.WhenTerminated;
        Assert.NotNull((await table.RenewAsync(MemberId.Of(Other.SelfUniqueAddress))).Nodes);
    }

    private async Task<PresenceTable> KeepAsync(TimeSpan renewal)
    {
        var timeout = renewal * 4;
        var (kept, read) = (TableOf(timeout), TableOf(timeout));
        _ = await read.RenewAsync(MemberId.Of(Other.SelfUniqueAddress));
        var presence = new NodePresence(timeout, TimeProvider.System);
        var (doubt, lapsedFor, refusal) = (new ClusterDoubt(new OwnerHealth()), TimeSpan.FromMinutes(10), new Refusal());
        systems[0].ActorOf(Props.Create(() => new PresenceKeeper(
            kept, presence, doubt, lapsedFor, TimeProvider.System, NullLogger.Instance, refusal)));
        var self = MemberId.Of(Keeper.SelfUniqueAddress);
        await HoldsAsync(async () => presence.HasPeers && (await read.ReadAsync()).Rows.ContainsKey(self));
        await HoldsAsync(() => Task.FromResult(Keeper.State.Members.All(member => member.Status == MemberStatus.Up)));
        return read;
    }

    private PresenceTable TableOf(TimeSpan timeout)
    {
        var table = new PresenceTable(new PresenceTableSettings { ConnectionString = server.ConnectionString, Timeout = timeout });
        tables.Add(table);
        return table;
    }

    private static async Task HoldsAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
        {
            await Task.Delay(50, patience.Token);
        }
    }
}
