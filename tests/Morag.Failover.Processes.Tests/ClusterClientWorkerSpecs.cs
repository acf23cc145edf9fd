using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Client;
using Morag.Failover.Client.Akka;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Processes.Tests.Nodes;
using Morag.Failover.TestHosts;
using Morag.Failover.TestProcesses;
using Morag.Redis.TestServers;

namespace Morag.Failover.Processes.Tests;

/// <summary>A worker and a client that send messages instead of HTTP calls.</summary>
public sealed class ClusterClientWorkerSpecs : IDisposable
{
    private static readonly WorkerId Messenger = new("messenger");

    private readonly TestFolder folder = new();

    [Fact]
    public async Task Should_complete_and_fail_tasks_when_the_worker_sends_messages()
    {
        var port = RedisTestServer.FreePort();
        await using var node = await NodeProcess.StartAsync(
            new() { DataFolder = folder.Path, ClusterPort = port, Config = TestConfig.Text });
        using var host = await QuietHost.StartAsync(services => services
            .AddMoragClusterClient(options =>
            {
                options.Nodes.Add(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}"));
                options.Hostname = "127.0.0.1";
            })
            .AddMoragWorker<Handler>(options => options.WorkerId = "messenger"));
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

        await OperateAsync(client);
        await using var http = new Client.Http.HttpTransport(new MoragFailoverOptions { Nodes = { node.Address } });
        var overHttp = new MoragClient(http);
        await OperateAsync(overHttp);
        await ReadAsync(overHttp);
        await ChangeAsync(client, "messages");
        await ChangeAsync(overHttp, "http");
        var stale = await overHttp.ListStaleReportsAsync(worker: Messenger).ToListAsync();
        Assert.Equal(["good", "good"], stale.Select(listed => listed.TaskId.Value));
        Assert.Empty(await overHttp.ListStaleReportsAsync(new("bad")).ToListAsync());
        Assert.Empty(await overHttp.TakeWorkerOfflineAsync(Messenger, "fire alarm"));
        await overHttp.ResumeWorkerAsync(Messenger);
        _ = await Assert.ThrowsAsync<NotSupportedException>(() => client.GetFailureStatisticsAsync());
        _ = await Assert.ThrowsAsync<NotSupportedException>(async () => await client.ReadEventsAsync().AnyAsync());

        await host.StopAsync();

        // The directory of workers learns it from the worker's entity.
        await Eventually.HoldsAsync(async () => (await node.Client.WorkersAsync()).Count == 0, () => "the worker is gone");
    }

    public void Dispose() => folder.Dispose();

    // What both transports can do.
    private static async Task OperateAsync(IMoragClient client)
    {
        Assert.Equal(["bad", "good"], await client.ListTasksAsync().Select(task => task.TaskId.Value).ToListAsync());
        var succeeded = client.ListTasksAsync(new TaskFilter { State = TaskState.Succeeded });
        Assert.Equal("good", (await succeeded.SingleAsync()).TaskId.Value);
        await Eventually.HoldsAsync(
            async () => await client.ListWorkersAsync().AnyAsync(worker => worker.Registration.WorkerId.Value == "messenger"),
            () => "the worker is listed");

        await client.DrainWorkerAsync(Messenger, "update", TimeSpan.FromMinutes(1));
        Assert.True((await client.GetWorkerAsync(Messenger)).Draining);
        await client.ResumeWorkerAsync(Messenger);
        Assert.False((await client.GetWorkerAsync(Messenger)).Draining);
        Assert.Equal(BreakerState.Open, (await client.SetBreakerAsync(Messenger, BreakerAction.Open, "disk errors")).BreakerState);
        Assert.Equal(BreakerState.Closed, (await client.SetBreakerAsync(Messenger, BreakerAction.Reset, "new disk")).BreakerState);

        var filter = new TaskFilter { Queue = new("cpu_batch") };
        Assert.Equal(0, (await client.CancelTasksAsync(filter, "no longer needed")).Count);
        Assert.Equal(0, (await client.RequeueTasksAsync(filter, "fixed", dryRun: true)).Count);
    }

    private static async Task ChangeAsync(IMoragClient client, string name)
    {
        var external = new TaskId($"external-{name}");
        var report = new ReportFailure { TaskId = external, WorkerId = Messenger, FailureType = FailureType.NetworkFailure };
        Assert.Equal(external, (await client.ReportFailureAsync(report)).FailureEvent.TaskId);
        var before = (await client.GetReliabilityAsync(Messenger)).TotalTasks;
        var success = new ReportedSuccess { TaskId = external, DurationSeconds = 1 };
        Assert.Equal(before + 1, (await client.ReportSuccessesAsync(Messenger, [success])).TotalTasks);

        var late = new ReportFailure { TaskId = new("good"), WorkerId = Messenger, FailureType = FailureType.TaskTimeout };
        _ = await Assert.ThrowsAsync<MoragLeaseEndedException>(() => client.ReportFailureAsync(late));

        var unserved = new TaskId($"unserved-{name}");
        _ = await client.SubmitAsync(new TaskSubmission { TaskId = unserved, Queue = new("gpu_priority") });
        await client.CancelTaskAsync(unserved, "no longer needed");
        Assert.Equal(TaskState.Cancelled, (await client.GetTaskAsync(unserved)).State);
    }

    // What only HTTP can.
    private static async Task ReadAsync(MoragClient client)
    {
        var failures = await client.ListFailuresAsync(new FailureFilter { Task = new("bad") }).ToListAsync();
        Assert.All(failures, failure => Assert.Equal(FailureType.ProcessingError, failure.FailureEvent.FailureType));
        Assert.NotEmpty(failures);
        Assert.Empty(await client.ListFailuresAsync(new FailureFilter { Until = DateTimeOffset.UnixEpoch }).ToListAsync());
        Assert.True((await client.GetFailureStatisticsAsync()).TotalFailures > 0);
        Assert.Equal(1, (await client.GetWorkerStatsAsync()).TotalWorkers);
        Assert.Equal(1, (await client.GetQueuesAsync()).Single(queue => queue.QueueType.Value == "cpu_standard").CompletedTasks);
    }

    private sealed class Handler : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation) =>
            Task.FromResult(JsonText.Of(task.ReadPayload<string>()));
    }
}
