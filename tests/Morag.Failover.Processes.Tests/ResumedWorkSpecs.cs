using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Commands that report a checkpoint, and go on from it on another agent.</summary>
public sealed class ResumedWorkSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    [ServerTheory]
    [InlineData(Signal.Terminate, 0)]
    [InlineData(Signal.Kill, 1)]
    public async Task Should_continue_at_the_last_checkpoint_and_count_only_a_loss_as_failure(Signal signal, int failures)
    {
        await node.Client.SubmitAsync([new { task_id = "film", queue = "cpu_standard", payload = "x" }]);
        const string Work = """echo '{"percent":40,"message":"frame 7","checkpoint":{"frame":7}}' >> "$MORAG_PROGRESS"; sleep 1000""";
        await using var first = Start("one", Work);
        await Eventually.HoldsAsync(
            async () => (await node.Client.TaskAsync("film")).Progress is { Percent: 40, Checkpoint: not null },
            () => $"the progress is stored; the agent wrote:\n{first.Output}");

        foreach (var process in signal == Signal.Kill ? (int[])[first.Id] : first.Family())
        {
            Signals.Send(process, signal);
        }

        await using var second = Start("two", """printf '%s' "$MORAG_CHECKPOINT" """);
        await Eventually.HoldsAsync(
            async () => (await node.Client.TaskAsync("film")).State == TaskState.Succeeded,
            () => $"the task succeeds; the agents wrote:\n{first.Output}\n{second.Output}");

        var task = await node.Client.TaskAsync("film");
        Assert.Equal("""{"frame":7}""", task.Result.Parse().RootElement.GetString());
        Assert.Equal((failures, 2), (task.RetryCount, task.Attempt));
        Assert.Equal(("frame 7", 1), (task.Progress!.Message, task.Progress.Attempt));
    }

    public async Task InitializeAsync()
    {
        await server.FlushAsync();
        node = await NodeProcess.StartAsync(new NodeProcessSettings
        {
            Redis = server.ConnectionString,
            DataFolder = folder.Sub("node"),
            Config = TestConfig.Text,
        });
    }

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    private RunningProgram Start(string worker, string script) => AgentProcess.Start(new AgentProcessSettings
    {
        Node = node.Address,
        WorkerId = worker,
        Capability = "cpu",
        WorkFolder = folder.Sub(worker),
        Heartbeat = TimeSpan.FromMilliseconds(250),
        Command = ["/bin/sh", "-c", script],
    });
}
