using Morag.Failover.Actors.Outages;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Actors.Tests.Cluster;

/// <summary>Nodes beat to each other, and owners know through which node a worker calls.</summary>
[Collection(nameof(ClusterCollection))]
public sealed class GatewayWatchSpecs(ClusterNodes nodes)
{
    private static readonly WorkerSettings Settings = ClusterNodes.Settings.Workers;

    [Fact]
    public async Task Should_know_each_other_as_healthy_when_nodes_beat()
    {
        await KnowsAsHealthyAsync(nodes.Systems[0], nodes.Systems[1]);
        await KnowsAsHealthyAsync(nodes.Systems[1], nodes.Systems[0]);
    }

    [Theory]
    [InlineData("first node", 0)]
    [InlineData("second node", 1)]
    public async Task Should_know_through_which_node_a_worker_calls_wherever_its_owner_is(string way, int node)
    {
        for (var number = 0; number < 8; number++)
        {
            var worker = new WorkerId($"of-{node}-{number}");
            _ = await nodes.Ways[way].AskWorkers<WorkerRegisteredReply>(
                new RegisterWorker { Registration = new WorkerRegistration { WorkerId = worker, Capability = WorkerCapability.Cpu } });

            var info = await nodes.Ways["client"].AskWorkers<WorkerInfo>(new GetWorker { WorkerId = worker });

            Assert.Equal(Gateways.Of(nodes.Systems[node]).OwnName, info.Gateway);
        }
    }

    private static async Task KnowsAsHealthyAsync(ActorSystem system, ActorSystem other)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        var first = HealthyUntil() ?? DateTimeOffset.MinValue;
        while (!(HealthyUntil() > first + TimeSpan.FromSeconds(1)))
        {
            Assert.True(await poll.WaitForNextTickAsync(patience.Token));
        }

        DateTimeOffset? HealthyUntil() => Gateways.Of(system)
            .HealthOf(Akka.Cluster.Cluster.Get(other).SelfAddress, system.Scheduler.Now, Settings, system.Scheduler.Now)
            .HealthyUntil;
    }
}
