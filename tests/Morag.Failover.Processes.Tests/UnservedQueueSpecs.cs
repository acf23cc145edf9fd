using System.Text.Json;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Processes.Tests.Http;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>A queue is unserved if all of its workers drain, have an open breaker or report an error.</summary>
public sealed class UnservedQueueSpecs(RedisServer server) : IClassFixture<RedisServer>, IDisposable
{
    private const string Config = "morag.failover.queues.unserved-after = 2s";

    private readonly TestFolder folder = new();
    private NodeProcess[] nodes = [];
    private int calls;

    // Alternates between the nodes, so that calls have to reach owners on the other node.
    private NodeProcess Node => nodes[calls++ % nodes.Length];

    [Fact]
    public async Task Should_move_tasks_that_others_can_take_when_a_queue_is_unserved_on_one_node()
    {
        await using var node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path, Config = Config });
        nodes = [node];

        await PlayAllAsync();
    }

    [ServerFact]
    public async Task Should_move_tasks_that_others_can_take_when_a_queue_is_unserved_on_two_nodes()
    {
        await using var both = await TwoNodes.StartAsync(server, folder, Config);
        nodes = [both[0], both[1]];

        await PlayAllAsync();
    }

    public void Dispose() => folder.Dispose();

    private async Task PlayAllAsync()
    {
        await RegisterAsync("cpu", "cpu");
        await PlayAsync("drains", "1 draining", ("drain", new { reason = "new kernel" }), ("resume", new { }));
        await PlayAsync(
            "is-broken",
            "1 with an open breaker",
            ("breaker", new { action = "open", reason = "wrong results" }),
            ("breaker", new { action = "reset", reason = "repaired" }));
        await PlayAsync("has-errors", "1 in error", ("heartbeat", new { status = "error" }), ("heartbeat", new { status = "online" }));
    }

    private async Task PlayAsync(string gpu, string words, (string Call, object Body) obstacle, (string Call, object Body) end)
    {
        await RegisterAsync(gpu, "gpu");

        // The queue learns about the fleet with a delay. Until then, it would report that there is no such worker.
        await Eventually.HoldsAsync(async () => (await GpuQueueAsync()).WorkerCount == 1, () => $"the queue hears of {gpu}");
        await Node.Client.PostAsync($"/workers/{gpu}/{obstacle.Call}", obstacle.Body);
        await Node.Client.SubmitAsync(
        [
            new { task_id = $"{gpu}-movable", queue = "gpu_priority" },
            new { task_id = $"{gpu}-bound", queue = "gpu_priority", resource_requirements = new { gpu_required = true } },
        ]);

        // A task that a CPU can do is moved with a decision. A task that needs the GPU stays, and is counted.
        await Eventually.HoldsAsync(
            async () => (await Node.Client.TaskAsync($"{gpu}-movable")).Queue.Value == "cpu_standard", () => $"the task of {gpu} moves");
        var decision = Assert.Single(await Node.Client.ExplainAsync($"{gpu}-movable"));
        Assert.Equal((FailoverStrategy.FallbackQueue, "unserved"), (decision.SelectedAction.Strategy, decision.DecisionMetadata.Rule));
        Assert.Contains($"all suitable workers are unavailable ({words})", decision.FailureEvent.ErrorMessage, StringComparison.Ordinal);
        await Eventually.HoldsAsync(
            async () => await UnservedBecauseAsync() == $"all suitable workers are unavailable ({words}): 1 task",
            () => $"the queue of {gpu} is shown as unserved");
        Assert.Empty(await LeaseAsync(gpu, wait: 0));
        Assert.Equal([$"{gpu}-movable"], await LeaseAsync("cpu"));

        await Node.Client.PostAsync($"/workers/{gpu}/{end.Call}", end.Body);
        await Eventually.HoldsAsync(async () => await UnservedBecauseAsync() is null, () => $"the queue of {gpu} is served again");
        Assert.Equal([$"{gpu}-bound"], await LeaseAsync(gpu));
        using var raw = new RawClient(Node.Address);
        using var left = await raw.SendAsync(new RawRequest("DELETE", $"/api/v1/workers/{gpu}"));
        Assert.True(left.IsSuccessStatusCode);
        using var cancelled = await raw.SendAsync(new RawRequest("DELETE", $"/api/v1/tasks/{gpu}-bound"));
    }

    private Task<JsonElement> RegisterAsync(string worker, string capability) =>
        Node.Client.PostAsync(
            "/workers/register",
            new
            {
                registration = new
                {
                    worker_id = worker,
                    capability,
                    max_concurrent_tasks = 10,
                    hardware = new { gpu_count = capability == "gpu" ? 1 : 0 },
                },
            });

    private async Task<string[]> LeaseAsync(string worker, int wait = 20)
    {
        var leases = await Node.Client.PostAsync($"/workers/{worker}/lease", new { wait_seconds = wait, max_tasks = 10 });
        return [.. leases.EnumerateArray().Select(lease => lease.GetProperty("task_id").GetString()!)];
    }

    private async Task<QueueStats> GpuQueueAsync() =>
        (await Node.Client.QueuesAsync()).Single(each => each.QueueType.Value == "gpu_priority");

    private async Task<string?> UnservedBecauseAsync()
    {
        var queue = await GpuQueueAsync();
        Assert.Equal(queue.UnservedBecause is not null, queue.Unserved);
        return queue.UnservedBecause;
    }
}
