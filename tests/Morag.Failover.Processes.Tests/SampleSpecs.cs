using System.Globalization;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>The programs in <c>samples</c>, as a reader would start them.</summary>
public sealed class SampleSpecs : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Should_complete_and_fail_tasks_when_the_worker_sample_runs()
    {
        await using var node = await StartNodeAsync();
        await node.Client.SubmitAsync(
        [
            new { task_id = "hamlet", queue = "cpu_standard", payload = new { text = "to be or not to be" } },
            new { task_id = "unreadable", queue = "cpu_standard", payload = "no object" },
        ]);

        await using var worker = RunningProgram.Start(Programs.SampleWorker, "--node", node.Address.ToString(), "--worker-id", "sample-1");

        await Eventually.HoldsAsync(() => IsDoneAsync("hamlet"), () => $"hamlet is completed; the worker wrote:\n{worker.Output}");
        Assert.Equal("""{"words":6,"distinct":4}""", (await node.Client.TaskAsync("hamlet")).Result.Raw);

        await Eventually.HoldsAsync(
            () => IsDecidedAsync("unreadable"), () => $"the failure is decided; the worker wrote:\n{worker.Output}");
        var failure = (await node.Client.ExplainAsync("unreadable"))[0].FailureEvent;
        Assert.Equal((FailureType.ProcessingError, new WorkerId("sample-1")), (failure.FailureType, failure.WorkerId!.Value));

        worker.Send(Signal.Terminate);
        Assert.True(await worker.EndedAsync() == 0, worker.Output);
        await HasNoWorkersAsync(node, worker);

        async Task<bool> IsDoneAsync(string task) => (await node.Client.TaskAsync(task)).State == TaskState.Succeeded;
        async Task<bool> IsDecidedAsync(string task) => (await node.Client.ExplainAsync(task)).Length > 0;
    }

    [Fact]
    public async Task Should_print_the_results_of_its_own_tasks_when_the_quickstart_sample_runs()
    {
        await using var node = await StartNodeAsync();

        await using var program = RunningProgram.Start(Programs.SampleQuickstart, "--node", node.Address.ToString());

        Assert.True(await program.EndedAsync() == 0, program.Output);
        Assert.Contains("""greet-Grace: Succeeded, {"text":"Hello, Grace!"}""", program.Output, StringComparison.Ordinal);
        await HasNoWorkersAsync(node, program);
    }

    [Fact]
    public async Task Should_print_the_decision_when_the_cluster_client_sample_reports_a_failure()
    {
        var port = RedisTestServer.FreePort();
        await using var node = await StartNodeAsync(port);

        await using var client = RunningProgram.Start(
            Programs.SampleClusterClient, string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"), "video-17", "gpu-3");

        Assert.True(await client.EndedAsync() == 0, client.Output);
        var decision = Assert.Single(await node.Client.ExplainAsync("video-17"));
        Assert.Equal(FailureType.NetworkFailure, decision.FailureEvent.FailureType);
        Assert.Contains($"{decision.SelectedAction.Strategy}: {decision.SelectedAction.Reason}", client.Output, StringComparison.Ordinal);
    }

    [RequiresRedisServerFact]
    public async Task Should_keep_the_balance_when_the_journal_sample_and_redis_restart()
    {
        var redis = new RedisServer();
        try
        {
            await redis.InitializeAsync();
            await DepositAsync(100, "Balance of savings: 100");

            await redis.RestartAsync();

            await DepositAsync(20, "Balance of savings: 120");
        }
        finally
        {
            await redis.DisposeAsync();
        }

        async Task DepositAsync(int amount, string expected)
        {
            await using var program = RunningProgram.Start(
                Programs.SampleJournal, redis.ConnectionString, "savings", amount.ToString(CultureInfo.InvariantCulture));
            Assert.True(await program.EndedAsync() == 0, program.Output);
            Assert.Contains(expected, program.Output, StringComparison.Ordinal);
        }
    }

    public void Dispose() => folder.Dispose();

    /// <summary>The list follows the answer to the call that unregisters a worker.</summary>
    private static Task HasNoWorkersAsync(NodeProcess node, RunningProgram program) => Eventually.HoldsAsync(
        async () => (await node.Client.WorkersAsync()).Count == 0, () => $"no worker is listed; the program wrote:\n{program.Output}");

    private Task<NodeProcess> StartNodeAsync(int clusterPort = 0) =>
        NodeProcess.StartAsync(new() { DataFolder = folder.Path, ClusterPort = clusterPort, Config = TestConfig.Text });
}
