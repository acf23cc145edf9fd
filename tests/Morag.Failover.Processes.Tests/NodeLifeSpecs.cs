using System.Text.Json;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>Starts and stops of a node with the embedded Redis.</summary>
public sealed class NodeLifeSpecs : IDisposable
{
    private readonly TestFolder folder = new();

    private NodeProcessSettings Settings => new() { DataFolder = folder.Path };

    [Fact]
    public async Task Should_keep_leases_and_leave_no_process_when_it_is_stopped()
    {
        await using var node = await NodeProcess.StartAsync(Settings);
        var lease = await LeaseOneAsync(node.Client);
        var program = node.Program;
        Assert.Equal(2, program.Family().Count);

        Assert.Equal(0, await node.StopAsync());
        Assert.Empty(program.Family());

        await node.StartAgainAsync();
        await CompleteAsync(node.Client, lease);
    }

    [Fact]
    public async Task Should_leave_no_process_and_recover_its_data_when_it_is_killed()
    {
        await using var node = await NodeProcess.StartAsync(Settings);
        var lease = await LeaseOneAsync(node.Client);
        var program = node.Program;

        await node.KillAsync();
        await Eventually.HoldsAsync(
            () => Task.FromResult(program.Family().Count == 0), () => $"no process is left of {string.Join(", ", program.Family())}");

        await node.StartAgainAsync();
        await CompleteAsync(node.Client, lease);
    }

    [Fact]
    public async Task Should_start_immediately_when_the_last_node_on_its_data_was_killed()
    {
        await using var node = await NodeProcess.StartAsync(Settings);
        var lease = await LeaseOneAsync(node.Client);

        await node.KillAsync();
        await node.StartAgainAsync();

        await CompleteAsync(node.Client, lease);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0")]
    [InlineData("http://*:8080")]
    [InlineData("http://192.0.2.1:8080")]
    public async Task Should_refuse_to_start_when_others_could_reach_it_without_a_token(string url)
    {
        await using var refused = RunningProgram.Start(Programs.Node, "--data", folder.Path, "--http", url);
        Assert.NotEqual(0, await refused.EndedAsync());
        var line = Assert.Single(refused.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("morag.http", line, StringComparison.Ordinal);
        Assert.Contains("MORAG_TOKEN", line, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static async Task<JsonElement> LeaseOneAsync(NodeClient node)
    {
        await node.PostAsync(
            "/workers/register", new { registration = new { worker_id = "w", capability = "cpu", instance_id = "first" } });
        await node.SubmitAsync([new { task_id = "t", queue = "cpu_batch", payload = "work" }]);
        var leases = await node.PostAsync("/workers/w/lease", new { wait_seconds = 20, instance_id = "first" });
        return leases.EnumerateArray().Single();
    }

    private static async Task CompleteAsync(NodeClient node, JsonElement lease)
    {
        var kept = await node.TaskAsync("t");
        Assert.Equal(TaskState.Leased, kept.State);
        Assert.Equal(lease.GetProperty("epoch").GetRawText(), JsonSerializer.Serialize(kept.Epoch));
        await node.PostAsync("/tasks/t/complete", new { worker_id = "w", epoch = lease.GetProperty("epoch"), result = "done" });
        Assert.Equal(TaskState.Succeeded, (await node.TaskAsync("t")).State);
    }
}
