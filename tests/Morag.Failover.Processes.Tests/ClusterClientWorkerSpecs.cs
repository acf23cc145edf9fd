using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Morag.Failover.Client;
using Morag.Failover.Client.Akka;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>A worker and a client that send messages instead of HTTP calls.</summary>
public sealed class ClusterClientWorkerSpecs : IDisposable
{
    private readonly TestFolder folder = new();

    [Fact]
    public async Task Should_complete_and_fail_tasks_when_the_worker_sends_messages()
    {
        var port = RedisTestServer.FreePort();
        await using var node = await NodeProcess.StartAsync(
            new() { DataFolder = folder.Path, ClusterPort = port, Config = TestConfig.Text });
        var builder = Host.CreateApplicationBuilder();
        _ = builder.Logging.ClearProviders();
        _ = builder.Services
            .AddMoragClusterClient(options =>
            {
                options.Nodes.Add(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));
                options.Hostname = "127.0.0.1";
            })
            .AddMoragWorker<Handler>(options => options.WorkerId = "messenger");
        using var host = builder.Build();
        await host.StartAsync();
        var client = host.Services.GetRequiredService<IMoragClient>();

        var results = await client.SubmitAllAsync(
        [
            new TaskSubmission { TaskId = new("good"), Queue = new("cpu_standard"), Payload = JsonText.Of("x") },
            new TaskSubmission { TaskId = new("bad"), Queue = new("cpu_standard") },
            new TaskSubmission { TaskId = new("lost"), Queue = new("no_such_queue") },
        ]);

        Assert.Equal([null, null, RefusalReason.Invalid], results.Select(result => result.Refused?.Reason));
        await Eventually.HoldsAsync(
            async () => (await client.GetTaskAsync(new("good"))).State == TaskState.Succeeded, () => "the good task succeeds");
        await Eventually.HoldsAsync(async () => !(await client.GetDecisionsAsync(new("bad"))).IsEmpty, () => "the failure is decided");
        Assert.Equal(FailureType.ProcessingError, (await client.GetDecisionsAsync(new("bad")))[0].FailureEvent.FailureType);
        _ = await Assert.ThrowsAsync<MoragNotFoundException>(() => client.GetTaskAsync(new("unknown")));
        _ = await Assert.ThrowsAsync<MoragConflictException>(() => client.SubmitAsync("cpu_batch", "y", "good"));

        await host.StopAsync();

        // The directory of workers learns it from the worker's entity.
        await Eventually.HoldsAsync(async () => (await node.Client.WorkersAsync()).Count == 0, () => "the worker is gone");
    }

    public void Dispose() => folder.Dispose();

    private sealed class Handler : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation) =>
            Task.FromResult(JsonText.Of(task.ReadPayload<string>()));
    }
}
