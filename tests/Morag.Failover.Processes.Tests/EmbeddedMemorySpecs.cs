using System.Net;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;

namespace Morag.Failover.Processes.Tests;

/// <summary>A node with the embedded Redis logs its limits, rejects tasks beyond them, and keeps every accepted one.</summary>
public sealed class EmbeddedMemorySpecs : IDisposable
{
    private const int PayloadLength = 200_000;
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Should_reject_tasks_and_lose_none_when_the_embedded_Redis_has_no_memory_left()
    {
        await using var node = await NodeProcess.StartAsync(new() { DataFolder = folder.Path, Config = "morag.embedded.memory = 384MiB" });
        Assert.Contains(
            "Limits with an embedded Redis of 384 MiB: max-tasks ",
            node.Program.Output,
            StringComparison.Ordinal);
        var accepted = 0;

        var refusal = await Assert.ThrowsAsync<HttpRequestException>(async () =>
        {
            // The configured limit of 512 MiB would accept more than 2,600 of them.
            for (; accepted < 1_000; accepted++)
            {
                await node.Client.SubmitAsync(
                    [new { task_id = $"t-{accepted}", queue = "cpu_batch", payload = new string('x', PayloadLength) }]);
            }
        });

        Assert.Equal(HttpStatusCode.TooManyRequests, refusal.StatusCode);
        Assert.Contains("queues.max-bytes", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(accepted, 10, 200);

        await EmbeddedServer.KillAsync(folder.Path);
        await node.KillAsync();
        await node.StartAgainAsync();
        Assert.Equal(accepted, (await node.Client.TasksAsync()).Count);
        Assert.Equal(PayloadLength + 2, (await node.Client.TaskAsync("t-0")).Payload.Length);
    }

    public void Dispose() => folder.Dispose();
}
