using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Failover.TestProcesses.Networks;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>
/// Workers whose owners are spread over two nodes talk to one of them, and it gets into trouble. They can reach the other one all the
/// time, so none of them loses its lease or is blamed. Every other one sends beats in its session.
/// </summary>
public sealed class GatewayTroubleSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    /// <summary>Set it to also test the troubles that take longer.</summary>
    private const string AllTroubles = "MORAG_GATEWAYS";

    private const int Workers = 8;

    private static readonly TimeSpan Stopped = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan Runs = TimeSpan.FromMilliseconds(50);

    /// <summary>Long enough for the nodes to decide which of them goes on.</summary>
    private static readonly TimeSpan LongCut = TimeSpan.FromSeconds(25);

    private static readonly IReadOnlyList<(string Name, Func<GatewayTroubleSpecs, Task> Cause)> Troubles =
    [
        ("slow for 8 s", specs => specs.SlowDownAsync(TimeSpan.FromSeconds(8))),
        ("slow for 30 s", specs => specs.SlowDownAsync(TimeSpan.FromSeconds(30))),
        ("killed", specs => specs.Gateway.Program.KillAsync()),
        ("frozen for 3 s", specs => specs.FreezeAsync(TimeSpan.FromSeconds(3))),
        ("frozen for 12 s", specs => specs.FreezeAsync(TimeSpan.FromSeconds(12))),
        ("frozen for 60 s", specs => specs.FreezeAsync(TimeSpan.FromSeconds(60))),
        ("cut off from the other node for 4 s", specs => specs.CutAsync(TimeSpan.FromSeconds(4), (0, 1), (1, 0))),
        ("cut off from the other node", specs => specs.CutAsync(LongCut, (0, 1), (1, 0))),
        ("not heard by the other node", specs => specs.CutAsync(LongCut, (1, 0))),
        ("not hearing the other node", specs => specs.CutAsync(LongCut, (0, 1))),
        ("cut off from Redis", specs => specs.CutAsync(LongCut, (1, 2), (2, 1))),
    ];

    private readonly TestFolder folder = new();
    private readonly ProxiedLinks links = new(2);
    private readonly RoamingWorker[] workers = new RoamingWorker[Workers];
    private TwoNodes nodes = null!;

    public static TheoryData<string> Names =>
        [.. Troubles.Take(Environment.GetEnvironmentVariable(AllTroubles) is null ? 1 : Troubles.Count).Select(trouble => trouble.Name)];

    private NodeProcess Gateway => nodes[1];

    [ServerTheory]
    [MemberData(nameof(Names))]
    public async Task Should_harm_no_worker_when_the_node_that_it_talks_to_is_in_trouble(string trouble)
    {
        await nodes[0].Client.SubmitAsync(
            Enumerable.Range(0, Workers).Select(number => new { task_id = $"t-{number}", queue = "cpu_batch" }));
        var leases = new Dictionary<string, long>(StringComparer.Ordinal);
        for (var number = 0; number < Workers; number++)
        {
            workers[number] = await RoamingWorker.StartRestlessAsync(
                $"w-{number}", beats: number % 2 == 0, Gateway.Address, nodes[0].Address);
            var (task, epoch) = await workers[number].LeaseAsync();
            leases.Add(task, epoch);
        }

        await AllBeatAsync("before");

        await Troubles.Single(known => known.Name == trouble).Cause(this);

        await RestartEndedNodesAsync();
        await AllBeatAsync("after");
        await AreUnharmedAsync(leases);
    }

    public async Task InitializeAsync() => nodes = await TwoNodes.StartAsync(server, folder, TestConfig.Text, links);

    public async Task DisposeAsync()
    {
        foreach (var worker in workers)
        {
            await (worker?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        await nodes.DisposeAsync();
        await links.DisposeAsync();
        folder.Dispose();
    }

    private async Task SlowDownAsync(TimeSpan time)
    {
        var slow = Gateway.Program;
        for (var left = time; left > TimeSpan.Zero; left -= Stopped + Runs)
        {
            slow.Send(Signal.Stop);
            await Task.Delay(Stopped);
            slow.Send(Signal.Continue);
            await Task.Delay(Runs);
        }
    }

    private async Task FreezeAsync(TimeSpan time)
    {
        Gateway.Program.Send(Signal.Stop);
        await Task.Delay(time);
        Gateway.Program.Send(Signal.Continue);
    }

    /// <summary>Cuts links for a time. The gateway is 1, the other node is 0, and Redis is 2.</summary>
    private async Task CutAsync(TimeSpan time, params (int From, int To)[] directions)
    {
        foreach (var (from, to) in directions)
        {
            links.Table[from, to].Cut();
        }

        await Task.Delay(time);
        links.Table.Heal();
    }

    /// <summary>Waits until both nodes serve. A node that was taken over ends, and is started again, as a service manager would.</summary>
    private Task RestartEndedNodesAsync() => Eventually.HoldsAsync(
        async () =>
        {
            for (var number = 0; number < 2; number++)
            {
                if (nodes[number].Program.HasEnded)
                {
                    await nodes[number].KillAsync();
                    nodes[number].StartWithoutWaiting();
                    links.Started(number, nodes[number].Program.Id);
                    await nodes[number].BecomesReadyAsync();
                }
            }

            return await nodes[0].Client.IsReadyAsync() && await nodes[1].Client.IsReadyAsync();
        },
        () => "both nodes serve");

    /// <summary>Waits until every worker had more heartbeats answered.</summary>
    private async Task AllBeatAsync(string when)
    {
        var before = workers.Select(worker => worker.Heartbeats).ToArray();
        await Eventually.HoldsAsync(
            () => Task.FromResult(workers.Zip(before).All(pair => pair.First.Heartbeats >= pair.Second + 5)),
            () => $"the heartbeats of all workers are answered {when}");
    }

    private async Task AreUnharmedAsync(Dictionary<string, long> leases)
    {
        var client = nodes[0].Client;
        var failures = await client.FailuresAsync();
        Assert.True(failures.Count == 0, $"{string.Join('\n', failures)}\n{RunningProgram.OutputOfAll()}");
        foreach (var (task, epoch) in leases)
        {
            var info = await client.TaskAsync(task);
            Assert.Equal((TaskState.Leased, epoch), (info.State, info.Epoch.Value));
        }

        for (var number = 0; number < Workers; number++)
        {
            Assert.Equal(Liveness.Alive, (await client.WorkerAsync($"w-{number}")).Liveness);
            Assert.Equal(0, (await client.GetAsync<WorkerReliabilityScore>($"/workers/w-{number}/reliability")).FailureCount);
        }
    }
}
