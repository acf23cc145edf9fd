using System.Globalization;
using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Hashing;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Two nodes on one Redis: either answers every call, and either takes over from the other.</summary>
public sealed class TwoNodesSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Files = 200;

    private readonly TestFolder folder = new();
    private readonly int[] ports = [LoopbackPort.Free(), LoopbackPort.Free()];
    private readonly NodeProcess[] nodes = new NodeProcess[2];

    [ServerTheory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Should_complete_every_task_once_when_one_of_two_nodes_is_killed(int killed)
    {
        var survivor = nodes[1 - killed];
        var files = HashedFiles.Create(folder.Sub("files"), Files);
        Fleet.Hold(folder.Path, Fleet.Gpu1);
        await using var fleet = Fleet.Start(folder.Path, worker => (worker == Fleet.Gpu1 ? nodes[killed] : survivor).Address);
        await files.SubmitAsync(nodes[0].Client, ..(Files / 2));
        await files.SubmitAsync(nodes[1].Client, (Files / 2)..);
        await Fleet.HoldsTasksAsync(survivor.Client, Fleet.Gpu1);

        // The agent that worked for this node can reach nobody now: what it holds has to go to the other one.
        await nodes[killed].KillAsync();

        await Eventually.HoldsAsync(() => AnswersAsync(survivor.Client), () => $"the survivor answers; it wrote:\n{survivor.Program.Output}");
        await Outcome.IsRightAsync(survivor.Client, files, fleet);
    }

    [ServerFact]
    public async Task Should_answer_every_call_on_either_node()
    {
        for (var number = 0; number < nodes.Length; number++)
        {
            var (asked, other) = (nodes[number].Client, nodes[1 - number].Client);
            for (var copy = 0; copy < 8; copy++)
            {
                // Several of each, so that some are owned by this node and some by the other.
                var task = string.Create(CultureInfo.InvariantCulture, $"task-{number}-{copy}");
                var worker = string.Create(CultureInfo.InvariantCulture, $"worker-{number}-{copy}");
                await asked.PostAsync("/workers/register", new { registration = new { worker_id = worker, capability = "cpu", max_concurrent_tasks = 5 } });
                await other.SubmitAsync([new { task_id = task, queue = "cpu_batch", payload = copy }]);
                var lease = await LeaseAsync(asked, worker);
                await other.PostAsync($"/workers/{worker}/heartbeat", new { status = "online", held = new[] { Held(lease) } });
                var failed = await other.PostAsync($"/tasks/{task}/fail", Failure(worker, lease));
                Assert.Equal("worker_overloaded", failed.GetProperty("failure_event").GetProperty("failure_type").GetString());
                Assert.Single(await asked.ExplainAsync(task));
                Assert.Equal(1, (await asked.GetAsync<JsonElement>($"/workers/{worker}/reliability")).GetProperty("failure_count").GetInt64());
                Assert.NotNull(await other.WorkerAsync(worker));
                lease = await LeaseAsync(other, worker);
                await asked.PostAsync($"/tasks/{task}/complete", new { worker_id = worker, epoch = lease.GetProperty("epoch"), result = copy });
                Assert.Equal(TaskState.Succeeded, (await other.TaskAsync(task)).State);
                await asked.PostAsync($"/workers/{worker}/drain", new { reason = "done" });
            }

            // How many workers serve a queue is learned from the directory, a moment later.
            await Eventually.HoldsAsync(
                async () => Json(await asked.QueuesAsync()) == Json(await other.QueuesAsync()), () => "both nodes tell the same of the queues");
            Assert.Equal(8 * (number + 1), (await asked.FailuresAsync()).Count);
            Assert.Equal(8 * (number + 1), (await other.FailuresAsync()).Count);
        }
    }

    public async Task InitializeAsync()
    {
        await server.FlushAsync();
        for (var number = 0; number < nodes.Length; number++)
        {
            nodes[number] = await NodeProcess.StartAsync(new NodeProcessSettings
            {
                Redis = server.ConnectionString,
                DataFolder = Path.Combine(folder.Path, string.Create(CultureInfo.InvariantCulture, $"node-{number}")),
                ClusterPort = ports[number],
                Seeds = [.. ports.Select(port => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"))],
                Config = TestConfig.Text,
            });
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var node in nodes)
        {
            if (node is not null)
            {
                await node.DisposeAsync();
            }
        }

        folder.Dispose();
    }

    private static async Task<JsonElement> LeaseAsync(NodeClient node, string worker) =>
        (await node.PostAsync($"/workers/{worker}/lease", new { wait_seconds = 10 })).EnumerateArray().Single();

    private static object Held(JsonElement lease) =>
        new { task_id = lease.GetProperty("task_id"), epoch = lease.GetProperty("epoch") };

    private static object Failure(string worker, JsonElement lease) => new
    {
        worker_id = worker,
        epoch = lease.GetProperty("epoch"),
        failure_type = "worker_overloaded",
        error_message = "no room",
    };

    private static string Json<T>(T value) => JsonSerializer.Serialize(value);

    private static async Task<bool> AnswersAsync(NodeClient node)
    {
        try
        {
            _ = await node.TasksAsync();
            _ = await node.FailuresAsync();
            return true;
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
