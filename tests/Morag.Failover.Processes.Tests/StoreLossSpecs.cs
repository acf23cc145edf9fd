using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;
using StackExchange.Redis;

namespace Morag.Failover.Processes.Tests;

/// <summary>A node never accepts another Redis, an emptied one or an older state, neither at the start nor while it is running.</summary>
public sealed class StoreLossSpecs(RedisServer server) : IClassFixture<RedisServer>, IDisposable
{
    private readonly TestFolder folder = new();

    [ServerFact]
    public async Task Should_stop_and_continue_with_higher_epochs_once_the_loss_is_accepted_when_all_data_is_lost()
    {
        await server.FlushAsync();
        await using var node = await StartAsync();
        var lost = await LeaseAsync(node.Client, "before");

        await server.FlushAsync();

        Assert.Equal(2, await node.Program.EndedAsync());
        Assert.Contains(
            "it is empty, but it held journal", LineWith("The node stops because of Redis at", node.Program), StringComparison.Ordinal);
        var again = await RefusedAsync();
        Assert.Contains("is refused: it is empty, but it held journal", again, StringComparison.Ordinal);
        Assert.Contains($"127.0.0.1:{server.Port}", again, StringComparison.Ordinal);
        Assert.Empty(await KeysAsync());

        await using var next = await StartAsync(acceptDataLoss: again.Split(' ')[^1]);
        Assert.Empty(await next.Client.TasksAsync());
        Assert.InRange(await LeaseAsync(next.Client, "after"), lost + 1, long.MaxValue);
    }

    [ServerFact]
    public async Task Should_refuse_to_start_when_Redis_was_emptied_while_the_node_was_down()
    {
        await server.FlushAsync();
        await using (var node = await StartAsync())
        {
            _ = await LeaseAsync(node.Client, "before");
            Assert.Equal(0, await node.StopAsync());
        }

        await server.FlushAsync();

        Assert.Contains("is refused: it is empty", await RefusedAsync(), StringComparison.Ordinal);
        Assert.Empty(await KeysAsync());
    }

    [ServerFact]
    public async Task Should_refuse_to_start_when_Redis_holds_another_journal()
    {
        await server.FlushAsync();
        await using (var node = await StartAsync())
        {
            Assert.Equal(0, await node.StopAsync());
        }

        await using var other = new RedisServer();
        await other.InitializeAsync();
        var settings = new NodeProcessSettings { DataFolder = folder.Sub("foreign"), Redis = other.ConnectionString };
        await using (var foreign = await NodeProcess.StartAsync(settings))
        {
            Assert.Equal(0, await foreign.StopAsync());
        }

        Assert.Contains("it is a different Redis", await RefusedAsync("--redis", other.ConnectionString), StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Should_leave_the_cluster_when_its_members_use_another_journal()
    {
        await server.FlushAsync();
        var seed = RedisTestServer.FreePort();
        await using var member = await NodeProcess.StartAsync(
            new() { DataFolder = folder.Sub("member"), Redis = server.ConnectionString, ClusterPort = seed });
        await using var other = new RedisServer();
        await other.InitializeAsync();

        await using var joining = RunningProgram.Start(
            Programs.Node,
            NodeProcess.Arguments(new()
            {
                DataFolder = folder.Sub("joining"),
                Redis = other.ConnectionString,
                ClusterPort = RedisTestServer.FreePort(),
                Seeds = [string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{seed}")],
            }));

        Assert.Equal(2, await joining.EndedAsync());
        Assert.Contains(
            "Point this node to the Redis of the cluster (MORAG_REDIS)",
            LineWith("The node stops: its journal is", joining),
            StringComparison.Ordinal);
        Assert.InRange(await LeaseAsync(member.Client, "still-served"), 1, long.MaxValue);
        await Eventually.HoldsAsync(member.Client.IsReadyAsync, () => $"the member is ready; it wrote:\n{member.Program.Output}");
    }

    [ServerFact]
    public async Task Should_refuse_to_start_when_the_partition_counts_differ_from_the_data()
    {
        await server.FlushAsync();
        await using (var node = await StartAsync())
        {
            _ = await LeaseAsync(node.Client, "before");
            Assert.Equal(0, await node.StopAsync());
        }

        var config = Path.Combine(folder.Path, "other.conf");
        await File.WriteAllTextAsync(config, "morag.failover.partitions.queues = 2");
        var line = await RefusedAsync("--redis", server.ConnectionString, "--config", config);

        Assert.Contains("morag.failover.partitions = queues 2", line, StringComparison.Ordinal);
        Assert.Contains("was stored with queues 1", line, StringComparison.Ordinal);
        await using var same = await StartAsync();
        Assert.Equal(TaskState.Leased, (await same.Client.TaskAsync("before")).State);
    }

    [ServerFact]
    public async Task Should_write_nothing_and_stop_when_another_Redis_answers_at_its_address()
    {
        await server.FlushAsync();
        await using var own = new RedisServer();
        await own.InitializeAsync();
        await using var proxy = new SwitchedProxy(own.Port);
        await using var node = await NodeProcess.StartAsync(new() { DataFolder = folder.Sub("node"), Redis = $"127.0.0.1:{proxy.Port}" });
        await node.Client.SubmitAsync([new { task_id = "kept", queue = "cpu_batch" }]);

        proxy.SwitchTo(server.Port);

        Assert.Equal(2, await node.Program.EndedAsync());
        Assert.Contains(
            "it is empty, but it held journal", LineWith("The node stops because of Redis at", node.Program), StringComparison.Ordinal);
        Assert.DoesNotContain(await KeysAsync(), key => !key.StartsWith("lease:", StringComparison.Ordinal));

        proxy.SwitchTo(own.Port);
        await node.KillAsync();
        await node.StartAgainAsync();
        Assert.Equal(TaskState.Queued, (await node.Client.TaskAsync("kept")).State);
    }

    [ServerFact]
    public async Task Should_refuse_an_eviction_policy_and_stop_when_keys_are_evicted()
    {
        await server.FlushAsync();
        await using var redis = await server.ConnectAsync();
        var admin = redis.GetServers()[0];
        await using var node = await StartAsync();
        try
        {
            await admin.ConfigSetAsync("maxmemory", "20mb");
            await admin.ConfigSetAsync("maxmemory-policy", "allkeys-random");
            await Eventually.HoldsAsync(
                () => Task.FromResult(node.Program.Output.Contains("maxmemory-policy is allkeys-random", StringComparison.Ordinal)),
                () => $"the node says that its Redis evicts; it wrote:\n{node.Program.Output}");

            // Gives Redis something to evict.
            var filler = new string('x', 100_000);
            for (var number = 0; number < 400; number++)
            {
                await redis.GetDatabase().StringSetAsync($"filler-{number}", filler);
            }

            Assert.Equal(2, await node.Program.EndedAsync());
            _ = LineWith("The node stops because of Redis at", node.Program);
            Assert.Contains("is refused: maxmemory-policy is allkeys-random", await RefusedAsync(), StringComparison.Ordinal);
        }
        finally
        {
            await admin.ConfigSetAsync("maxmemory-policy", "noeviction");
            await admin.ConfigSetAsync("maxmemory", "0");
        }

        Assert.Contains("is refused: ", await RefusedAsync(), StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private Task<NodeProcess> StartAsync(string? acceptDataLoss = null) => NodeProcess.StartAsync(new()
    {
        DataFolder = folder.Sub("node"),
        Redis = server.ConnectionString,
        AcceptDataLoss = acceptDataLoss,
    });

    private async Task<string> RefusedAsync(params string[] arguments)
    {
        string[] which = arguments.Length > 0 ? arguments : ["--redis", server.ConnectionString];
        await using var refused = RunningProgram.Start(
            Programs.Node, ["--data", folder.Sub("node"), "--http", "http://127.0.0.1:0", .. which]);
        Assert.Equal(2, await refused.EndedAsync());
        return LineWith(" is refused: ", refused);
    }

    private static string LineWith(string text, RunningProgram program) =>
        Assert.Single(program.Output.Split('\n'), line => line.Contains(text, StringComparison.Ordinal));

    private static async Task<long> LeaseAsync(NodeClient node, string task)
    {
        await node.PostAsync(
            "/workers/register", new { registration = new { worker_id = "w", capability = "cpu", max_concurrent_tasks = 5 } });
        await node.SubmitAsync([new { task_id = task, queue = "cpu_batch" }]);
        var leases = await node.PostAsync("/workers/w/lease", new { wait_seconds = 20, request_id = task });
        return leases.EnumerateArray().Single().GetProperty("epoch").GetInt64();
    }

    private async Task<List<string>> KeysAsync()
    {
        await using var redis = await server.ConnectAsync();
        return [.. redis.GetServers()[0].Keys().Select(key => key.ToString())];
    }
}
