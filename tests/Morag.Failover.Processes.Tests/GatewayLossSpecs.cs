using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Workers talk to one node of two, which fails; their owners are spread over both.</summary>
public sealed class GatewayLossSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Workers = 8;

    /// <summary>Long enough to lose a worker by its silence, and too short for the cluster to call the node unreachable.</summary>
    private static readonly TimeSpan Freeze = TimeSpan.FromSeconds(5);

    private const string Config =
        """

        akka.cluster.failure-detector.acceptable-heartbeat-pause = 7s
        """;

    private readonly TestFolder folder = new();
    private readonly RoamingWorker[] workers = new RoamingWorker[Workers];
    private TwoNodes nodes = null!;

    [ServerFact]
    public async Task Should_harm_no_worker_when_its_node_is_frozen_and_later_killed()
    {
        var (gateway, other) = (nodes[1], nodes[0]);
        await other.Client.SubmitAsync(Enumerable.Range(0, Workers).Select(number => new { task_id = $"t-{number}", queue = "cpu_batch" }));
        var leases = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var number = 0; number < Workers; number++)
        {
            workers[number] = await RoamingWorker.StartAsync($"w-{number}", gateway.Address, other.Address);
            var (task, epoch) = await workers[number].LeaseAsync();
            leases.Add(task, epoch);
        }

        await AllBeatAsync("before the node is frozen");
        await AreUnharmedAsync(leases, gateway);

        Signals.Send(gateway.Program.Id, Signal.Stop);
        await Task.Delay(Freeze);
        Signals.Send(gateway.Program.Id, Signal.Continue);
        await AllBeatAsync("after the node was frozen");
        await AreUnharmedAsync(leases, gateway);

        await gateway.KillAsync();
        await AllBeatAsync("after the node was killed");
        await AreUnharmedAsync(leases, other);
    }

    public async Task InitializeAsync() => nodes = await TwoNodes.StartAsync(server, folder, TestConfig.Text + Config);

    public async Task DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await (worker?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        await nodes.DisposeAsync();
        folder.Dispose();
    }

    /// <summary>Waits until every worker had more heartbeats answered.</summary>
    private async Task AllBeatAsync(string when)
    {
        var before = workers.Select(worker => worker.Heartbeats).ToArray();
        await Eventually.HoldsAsync(
            () => Task.FromResult(workers.Zip(before).All(pair => pair.First.Heartbeats >= pair.Second + 5)),
            () => $"the heartbeats of all workers are answered {when}:\n{nodes[0].Program.Output}");
    }

    private async Task AreUnharmedAsync(Dictionary<string, long> leases, NodeProcess gateway)
    {
        var client = nodes[0].Client;
        foreach (var (task, epoch) in leases)
        {
            var info = await client.TaskAsync(task);
            Assert.Equal((TaskState.Leased, epoch), (info.State, info.Epoch.Value));
        }

        Assert.Empty(await client.FailuresAsync());
        for (var number = 0; number < Workers; number++)
        {
            var info = await client.WorkerAsync($"w-{number}");
            Assert.Equal(Liveness.Alive, info.Liveness);
            Assert.Equal(gateway.ClusterAddress, info.Gateway);
            Assert.Equal(0, (await client.GetAsync<WorkerReliabilityScore>($"/workers/w-{number}/reliability")).FailureCount);
        }
    }
}
