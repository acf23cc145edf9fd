using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Client;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestHosts;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>A worker and a client of the .NET package go on with the other node when theirs is killed.</summary>
public sealed class ClientWorkerSpecs(RedisServer server) : IClassFixture<RedisServer>, IAsyncLifetime
{
    private const int Tasks = 150;

    private readonly TestFolder folder = new();
    private readonly Work work = new();
    private TwoNodes nodes = null!;
    private IHost host = null!;

    [ServerFact]
    public async Task Should_lose_no_task_and_keep_the_running_one_when_the_only_given_node_is_killed()
    {
        var client = host.Services.GetRequiredService<IMoragClient>();
        await using var events = new SeenEvents(client);
        await Eventually.HoldsAsync(() => Task.FromResult(events.Gaps == 1), () => "the live events are read");
        _ = await client.SubmitAsync("cpu_standard", new { }, "long");
        await Eventually.HoldsAsync(() => Task.FromResult(work.Runs("long") == 1), () => "the handler runs");

        // The host was given the first node only. It learns the other one before that dies.
        var transport = (Client.Http.HttpTransport)host.Services.GetRequiredService<IMoragTransport>();
        await Eventually.HoldsAsync(() => Task.FromResult(transport.Nodes.Count == 2), () => "the client knows both nodes");
        var submitting = SubmitAllAsync(client);
        await Eventually.HoldsAsync(() => Task.FromResult(work.Runs("task-3") > 0), () => "tasks are running");
        await nodes[0].KillAsync();
        await Eventually.HoldsAsync(() => Task.FromResult(events.Gaps == 2), () => "the live events go on at the other node");

        await submitting;
        await Eventually.HoldsAsync(
            async () => (await nodes[1].Client.TasksAsync(TaskState.Succeeded)).Count == Tasks, () => "all short tasks succeed");
        Assert.False(work.IsCancelled("long"));
        work.Release();
        await Eventually.HoldsAsync(
            async () => (await nodes[1].Client.TaskAsync("long")).State == TaskState.Succeeded, () => "the long task succeeds");

        await EachCompletedOnceAsync();
        Assert.Equal(1, work.Runs("long"));
        Assert.Empty(await nodes[1].Client.FailuresAsync());
        var score = await client.GetReliabilityAsync(new("in-process"));
        Assert.Equal((0, 0), (score.FailureCount, score.ConsecutiveFailures));

        await client.DrainWorkerAsync(new("in-process"), "update");
        await Eventually.HoldsAsync(() => Task.FromResult(events.Has("in-process", "draining")), () => "the drain is seen live");
        await host.StopAsync();

        // The directory of workers learns it from the worker's entity.
        await Eventually.HoldsAsync(async () => (await nodes[1].Client.WorkersAsync()).Count == 0, () => "the worker is gone");
    }

    public async Task InitializeAsync()
    {
        nodes = await TwoNodes.StartAsync(server, folder, TestConfig.Text);
        host = await QuietHost.StartAsync(services => services
            .AddSingleton(work)
            .AddMoragFailover(options => options.Nodes.Add(nodes[0].Address))
            .AddMoragWorker<Handler>(options =>
            {
                options.WorkerId = "in-process";
                options.Slots = 4;
                options.HeartbeatInterval = TimeSpan.FromSeconds(0.5);
            }));
    }

    public async Task DisposeAsync()
    {
        work.Release();
        await host.StopAsync();
        host.Dispose();
        await nodes.DisposeAsync();
        folder.Dispose();
    }

    private static async Task SubmitAllAsync(IMoragClient client)
    {
        for (var number = 0; number < Tasks; number++)
        {
            _ = await client.SubmitAsync("cpu_standard", new { number }, string.Create(CultureInfo.InvariantCulture, $"task-{number}"));
        }
    }

    private async Task EachCompletedOnceAsync()
    {
        foreach (var task in await nodes[1].Client.TasksAsync(TaskState.Succeeded))
        {
            var history = (await nodes[1].Client.TaskAsync(task.TaskId.Value)).History;
            _ = Assert.Single(history, entry => entry.What == "completed");
            Assert.DoesNotContain(history, entry => entry.What == "lease_ended");
        }
    }

    /// <summary>What the client reads live. An event that the spec waits for is missing if the reading has failed.</summary>
    private sealed class SeenEvents : IAsyncDisposable
    {
        private readonly ConcurrentQueue<LiveEvent> seen = new();
        private readonly CancellationTokenSource stop = new();
        private readonly Task reading;

        public SeenEvents(IMoragClient client) => reading = ReadAsync(client);

        public int Gaps => seen.OfType<LiveGap>().Count();

        public bool Has(string worker, string what) =>
            seen.OfType<LiveWorker>().Any(live => (live.Change.WorkerId.Value, live.Change.What) == (worker, what));

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stop.Dispose();
        }

        private async Task ReadAsync(IMoragClient client)
        {
            await foreach (var live in client.ReadEventsAsync(cancellation: stop.Token))
            {
                seen.Enqueue(live);
            }
        }
    }

    private sealed class Work
    {
        private readonly ConcurrentDictionary<string, (int Runs, CancellationToken Cancellation)> runs = new();
        private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Runs(string task) => runs.GetValueOrDefault(task).Runs;

        public bool IsCancelled(string task) => runs[task].Cancellation.IsCancellationRequested;

        public void Release() => release.TrySetResult();

        public async Task RunAsync(string task, CancellationToken cancellation)
        {
            _ = runs.AddOrUpdate(task, (1, cancellation), (_, before) => (before.Runs + 1, cancellation));
            if (task == "long")
            {
                await release.Task.WaitAsync(cancellation);
            }
        }
    }

    private sealed class Handler(Work work) : ITaskHandler
    {
        public async Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation)
        {
            await work.RunAsync(task.TaskId.Value, cancellation);
            return JsonText.Of(new { done = task.TaskId });
        }
    }
}
