using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>Two of four agents fail every task immediately: their breakers open, and no good task stays parked.</summary>
public sealed class BrokenAgentsSpecs : IAsyncLifetime
{
    private const int Tasks = 60;
    private const int MaxFailuresPerBrokenAgent = 10;

    private readonly TestFolder folder = new();
    private NodeProcess node = null!;

    public async Task InitializeAsync() => node = await NodeProcess.StartAsync(
        new NodeProcessSettings { DataFolder = Path.Combine(folder.Path, "node"), Config = TestConfig.Text });

    public async Task DisposeAsync()
    {
        await node.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Should_park_no_good_task_and_open_two_breakers_when_two_of_four_agents_fail_every_task()
    {
        await node.Client.SubmitAsync(Enumerable.Range(1, Tasks).Select(number => new { task_id = $"t{number}", queue = "cpu_standard" }));
        string[] broken = ["broken-1", "broken-2"];
        var agents = broken.Select(id => Start(id, "echo 'CUDA error' >&2; exit 1"))
            .Concat(((string[])["sound-1", "sound-2"]).Select(id => Start(id, "sleep 0.7; echo ok")))
            .ToList();
        try
        {
            await Eventually.HoldsAsync(
                async () => (await node.Client.TasksAsync(TaskState.Succeeded)).Count == Tasks,
                () => $"all {Tasks} tasks succeed");

            foreach (var id in broken)
            {
                var score = await node.Client.GetAsync<WorkerReliabilityScore>($"/workers/{id}/reliability");
                Assert.Equal(BreakerState.Open, score.BreakerState);
                Assert.InRange(score.FailureCount, 1, MaxFailuresPerBrokenAgent);
            }
        }
        finally
        {
            foreach (var agent in agents)
            {
                await agent.DisposeAsync();
            }
        }
    }

    private RunningProgram Start(string id, string command) => AgentProcess.Start(new AgentProcessSettings
    {
        Node = node.Address,
        WorkerId = id,
        Capability = "cpu",
        WorkFolder = Path.Combine(folder.Path, id),
        Slots = 2,
        Command = ["sh", "-c", command],
    });
}
