using System.Diagnostics;
using Akka.Actor;
using Akka.Cluster;
using Akka.Configuration;
using Morag.Failover.Node.Configuration;
using Morag.Redis.TestServers;

namespace Morag.Failover.Node.Tests.Cluster;

/// <summary>The settings of hocon/akka.conf, on two nodes that really talk to each other.</summary>
public sealed class SplitBrainSpecs(GarnetServer redis) : IClassFixture<GarnetServer>
{
    private static readonly Config Test = ConfigurationFactory.ParseString(
        """
        akka.loglevel = ERROR
        akka.stdout-loglevel = ERROR
        akka.coordinated-shutdown.exit-clr = off
        # A system that ends without a word to the other, as a killed process does.
        akka.coordinated-shutdown.run-by-actor-system-terminate = off
        """);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Should_go_on_alone_when_the_other_of_two_nodes_dies(int dead)
    {
        await redis.FlushAsync();
        var nodes = await StartTwoAsync();
        var survivor = Akka.Cluster.Cluster.Get(nodes[1 - dead]);

        await nodes[dead].Terminate();

        await EventuallyAsync(() => survivor.State.Members.Count == 1, "the dead node is removed");
        Assert.Equal(MemberStatus.Up, survivor.SelfMember.Status);
        Assert.False(survivor.IsTerminated);
        await nodes[1 - dead].Terminate();
    }

    [Fact]
    public async Task Should_stop_the_side_that_finds_the_lease_taken()
    {
        await redis.FlushAsync();
        await using (var connection = await redis.ConnectAsync())
        {
            await connection.GetDatabase().StringSetAsync("lease:morag-split-brain", "the other side");
        }

        var nodes = await StartTwoAsync();
        await nodes[1].Terminate();

        await EventuallyAsync(() => nodes[0].WhenTerminated.IsCompleted, "the side without the lease has stopped");
    }

    private async Task<ActorSystem[]> StartTwoAsync()
    {
        var ports = new[] { RedisTestServer.FreePort(), RedisTestServer.FreePort() };
        var nodes = ports.Select(Start).ToArray();
        var clusters = nodes.Select(Akka.Cluster.Cluster.Get).ToList();
        foreach (var cluster in clusters)
        {
            await cluster.JoinAsync(clusters[0].SelfAddress);
        }

        await EventuallyAsync(
            () => clusters.TrueForAll(cluster => cluster.State.Members.Count(member => member.Status == MemberStatus.Up) == 2),
            "both nodes are up");
        return nodes;
    }

    private ActorSystem Start(int port)
    {
        var options = NodeOptions.Load([$"--port={port}", $"--redis={redis.ConnectionString}"], static _ => null);
        return ActorSystem.Create(NodeOptions.ActorSystemName, Test.WithFallback(options.ActorSystemConfig(redis.ConnectionString)));
    }

    private static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(50))
        {
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(120), $"Still waiting: {what}");
        }
    }
}
