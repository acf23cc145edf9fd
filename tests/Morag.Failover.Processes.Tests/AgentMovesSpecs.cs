using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>Agents of two nodes go on with the other node when theirs is killed or restarted. Nothing is held against them.</summary>
public sealed class AgentMovesSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private readonly TestFolder folder = new();
    private TwoNodes nodes = null!;

    [ServerFact]
    public async Task Should_deliver_a_result_to_the_survivor_when_the_node_of_a_running_command_is_killed()
    {
        var hold = Path.Combine(folder.Path, "hold");
        var started = Path.Combine(folder.Path, "started");
        await File.WriteAllTextAsync(hold, "");
        await using var agent = AgentProcess.Start(Agent("mover", nodes[0].Address) with
        {
            Command = ["/bin/sh", "-c", ": > \"$1\"; while [ -e \"$0\" ]; do sleep 0.1; done; printf done", hold, started],
        });
        await nodes[0].Client.SubmitAsync([new { task_id = "long", queue = "cpu_standard", payload = "" }]);

        // The node grants the lease before the agent knows: a node that dies in between takes the answer with it.
        await Eventually.HoldsAsync(() => Task.FromResult(File.Exists(started)), () => $"the command runs:\n{agent.Output}");

        // The agent was given the first node only, and learns the other one from it.
        await Eventually.HoldsAsync(
            () => Task.FromResult(agent.Output.Contains($"nodes: {Name(nodes[0])}, {Name(nodes[1])}", StringComparison.Ordinal)),
            () => $"the agent learns the other node:\n{agent.Output}");
        await nodes[0].KillAsync();

        await Eventually.HoldsAsync(
            () => Task.FromResult(agent.Output.Contains($"calls go to {Name(nodes[1])} from now on", StringComparison.Ordinal)),
            () => $"the agent moves:\n{agent.Output}");
        await HoldsAgainAsync(nodes[1].Client, "mover", agent);
        File.Delete(hold);
        await SucceededAsync(nodes[1].Client, 1, () => agent.Output);

        var task = await nodes[1].Client.TaskAsync("long");
        Assert.Equal("\"done\"", task.Result.ToString());
        _ = Assert.Single(task.History, entry => entry.What == "leased");
        await NothingIsHeldAgainstAsync("mover", nodes[1].Client, agent);
    }

    [ServerFact]
    public async Task Should_fail_no_task_and_lose_no_lease_when_both_nodes_are_restarted_one_after_the_other()
    {
        const int Tasks = 400;
        await using var one = AgentProcess.Start(Agent("agent-1", nodes[0].Address, nodes[1].Address));
        await using var other = AgentProcess.Start(Agent("agent-2", nodes[1].Address, nodes[0].Address));
        await nodes[0].Client.SubmitAsync(Enumerable.Range(0, Tasks).Select(number => (object)new
        {
            task_id = string.Create(CultureInfo.InvariantCulture, $"task-{number}"),
            queue = "cpu_standard",
            payload = "",
        }));
        await HoldsTasksAsync("agent-1");
        await HoldsTasksAsync("agent-2");

        foreach (var node in (NodeProcess[])[nodes[0], nodes[1]])
        {
            Assert.Equal(0, await node.StopAsync());
            await node.StartAgainAsync();
        }

        await SucceededAsync(nodes[0].Client, Tasks, () => $"{one.Output}\n---\n{other.Output}");
        foreach (var task in await nodes[0].Client.TasksAsync(TaskState.Succeeded))
        {
            var info = await nodes[0].Client.TaskAsync(task.TaskId.Value);
            Assert.DoesNotContain(info.History, entry => entry.What == "lease_ended");

            // A lease that was granted while its call ended never reached the agent.
            var released = info.History.Where(entry => entry.What == "released").Select(entry => $"{task.TaskId} (epoch {entry.Epoch})");
            Assert.All(released, lease => Assert.DoesNotContain(lease, one.Output + other.Output, StringComparison.Ordinal));
        }

        await NothingIsHeldAgainstAsync("agent-1", nodes[1].Client, one);
        await NothingIsHeldAgainstAsync("agent-2", nodes[1].Client, other);
    }

    public async Task InitializeAsync() => nodes = await TwoNodes.StartAsync(server, folder, TestConfig.Text);

    public async Task DisposeAsync()
    {
        await nodes.DisposeAsync();
        folder.Dispose();
    }

    private static string Name(NodeProcess node) => node.Address.GetLeftPart(UriPartial.Authority);

    private AgentProcessSettings Agent(string worker, Uri node, params Uri[] others) => new()
    {
        Node = node,
        OtherNodes = others,
        WorkerId = worker,
        Capability = "cpu",
        WorkFolder = folder.Path,
        Slots = 4,
        Command = ["/bin/sh", "-c", "sleep 0.3"],
    };

    private Task HoldsTasksAsync(string worker) => Eventually.HoldsAsync(
        async () => (await nodes[0].Client.TasksAsync(TaskState.Leased, worker)).Count > 0, () => $"{worker} holds tasks");

    /// <summary>Waits until the survivor answers for the worker, which still holds its task.</summary>
    private static Task HoldsAgainAsync(NodeClient node, string worker, RunningProgram agent) => Eventually.HoldsAsync(
        async () => (await node.WorkerAsync(worker)) is { Liveness: Liveness.Alive, HeldLeases: > 0 },
        () => $"the worker is alive on the survivor and holds its task:\n{agent.Output}");

    private static Task SucceededAsync(NodeClient node, int count, Func<string> output)
    {
        var succeeded = 0;
        return Eventually.HoldsAsync(
            async () => (succeeded = (await node.TasksAsync(TaskState.Succeeded)).Count) == count,
            () => $"{count} tasks succeed; now {succeeded}:\n{output()}");
    }

    private static async Task NothingIsHeldAgainstAsync(string worker, NodeClient node, RunningProgram agent)
    {
        Assert.Empty(await node.FailuresAsync());
        var score = await node.GetAsync<WorkerReliabilityScore>($"/workers/{worker}/reliability");
        Assert.Equal((0, 0), (score.FailureCount, score.ConsecutiveFailures));

        // The same instance throughout: it registered once, and lost no lease.
        _ = Assert.Single(agent.Output.Split('\n'), line => line.Contains("Registered as", StringComparison.Ordinal));
        Assert.DoesNotContain("lease revoked", agent.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("late outcome", agent.Output, StringComparison.Ordinal);
    }
}
