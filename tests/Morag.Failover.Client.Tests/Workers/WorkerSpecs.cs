using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client.Tests.Workers;

/// <summary>A worker in a host, with a cluster that a test plays.</summary>
public sealed class WorkerSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly FakeCluster cluster = new();
    private readonly ConcurrentDictionary<string, CancellationToken> running = new();
    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IHost? host;

    private FakeTransport Sent => cluster.Transport;

    [Fact]
    public async Task Should_complete_a_task_with_the_result_and_the_epoch_of_its_lease()
    {
        await StartAsync((task, _) => Task.FromResult(JsonText.Of(new { of = task.TaskId })));
        cluster.Submit("one");

        var completion = (await SentAsync<CompleteTasks>()).Completions[0];

        Assert.Equal(("""{"of":"one"}""", 1L), (completion.Result.Raw, completion.Epoch.Value));
    }

    [Fact]
    public async Task Should_deliver_the_same_completion_again_when_the_answer_is_lost()
    {
        var lost = 0;
        cluster.Instead = message => message is CompleteTasks && lost++ < 2
            ? throw new MoragUnavailableException("the connection broke") { OutcomeUnknown = true }
            : null;
        await StartAsync((_, _) => Task.FromResult(JsonText.Null));
        cluster.Submit("one");

        await UntilAsync(() => cluster.Held.Count == 0 && Sent.SentOf<CompleteTasks>().Count() == 3);

        Assert.All(Sent.SentOf<CompleteTasks>(), sent => Assert.Equal(1, sent.Completions[0].Epoch.Value));
    }

    [Fact]
    public async Task Should_repeat_a_request_for_leases_under_its_id_when_the_answer_is_lost()
    {
        var lost = 0;
        cluster.Instead = message => message is RequestLeases && lost++ < 2 ? throw new MoragUnavailableException("lost") : null;
        await StartAsync((_, _) => Task.FromResult(JsonText.Null));
        cluster.Submit("one");

        await SentAsync<CompleteTasks>();

        Assert.Single(Sent.SentOf<RequestLeases>().Take(3).Select(request => request.RequestId).Distinct());
        Assert.Equal(2, Sent.SentOf<RequestLeases>().Select(request => request.RequestId).Distinct().Take(2).Count());
    }

    [Fact]
    public async Task Should_report_the_type_that_the_handler_names_when_it_fails()
    {
        await StartAsync((_, _) =>
            throw new TaskFailedException(FailureType.WorkerOverloaded, "no licence free") { Context = JsonText.Of(new { licences = 3 }) });
        cluster.Submit("one");

        var report = await SentAsync<ReportFailure>();

        Assert.Equal(
            (FailureType.WorkerOverloaded, "no licence free", """{"licences":3}"""),
            (report.FailureType, report.ErrorMessage, report.Context.Raw));
        Assert.Equal((1L, ReportSource.LeaseHolder), (report.Epoch!.Value.Value, report.Source));
        Assert.NotNull(report.EventId);
    }

    [Fact]
    public async Task Should_report_a_network_failure_when_an_asynchronous_handler_lets_the_timeout_of_its_call_through()
    {
        await StartAsync(async (_, _) =>
        {
            await Task.Yield();
            throw new TaskCanceledException("too slow", new TimeoutException("100 s"));
        });
        cluster.Submit("one");

        Assert.Equal(FailureType.NetworkFailure, (await SentAsync<ReportFailure>()).FailureType);
    }

    [Fact]
    public void Should_reject_a_second_worker_with_the_same_handler()
    {
        var services = new ServiceCollection();
        _ = services.AddMoragWorker<Idle>(options => options.WorkerId = "one");

        var refused = Assert.Throws<InvalidOperationException>(() => services.AddMoragWorker<Idle>(options => options.WorkerId = "two"));

        Assert.Contains(nameof(Idle), refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Should_ask_the_host_for_the_type_and_cut_the_message_when_any_other_exception_is_thrown()
    {
        await StartAsync(
            (_, _) => throw new InvalidOperationException(new string('ß', 10_000)),
            options => options.ClassifyFailure =
                failure => failure is InvalidOperationException ? FailureType.AuthenticationFailure : null);
        cluster.Submit("one");

        var report = await SentAsync<ReportFailure>();

        Assert.Equal(FailureType.AuthenticationFailure, report.FailureType);
        Assert.InRange(TextBytes.Of(report.ErrorMessage), FailureLimits.MaxErrorMessageBytes - 1, FailureLimits.MaxErrorMessageBytes);
    }

    [Fact]
    public async Task Should_report_a_processing_error_when_the_result_is_rejected()
    {
        cluster.Instead = message => message is CompleteTasks ? throw MoragException.Of(Refused.Invalid("result", "is too large")) : null;
        await StartAsync((_, _) => Task.FromResult(JsonText.Of("much")));
        cluster.Submit("one");

        var report = await SentAsync<ReportFailure>();

        Assert.Equal(
            (FailureType.ProcessingError, "the cluster rejected the result: result: is too large"),
            (report.FailureType, report.ErrorMessage));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_cancel_the_handler_and_report_nothing_when_the_lease_is_lost(bool told)
    {
        // Either the session or the heartbeats tell the worker.
        await StartAsync(HoldAsync, options => options.HeartbeatInterval = told ? TimeSpan.FromHours(1) : options.HeartbeatInterval);
        cluster.Submit("one");
        await UntilAsync(() => running.ContainsKey("one"));

        if (told)
        {
            cluster.Revoke("one");
        }
        else
        {
            cluster.Forget("one");
        }

        await UntilAsync(() => running["one"].IsCancellationRequested);
        cluster.Submit("two");
        await UntilAsync(() => running.ContainsKey("two"));
        Assert.DoesNotContain(Sent.Sent, message => message is CompleteTasks or ReportFailure or ReleaseLeases);
    }

    [Fact]
    public async Task Should_report_a_timeout_and_keep_the_slot_occupied_when_the_handler_ignores_the_end_of_its_lease()
    {
        await StartAsync(
            async (task, _) =>
            {
                running[task.TaskId.Value] = CancellationToken.None;
                await release.Task;
                return JsonText.Null;
            },
            options => (options.Slots, options.AbandonTimeout) = (1, TimeSpan.FromMilliseconds(50)));
        cluster.Submit("one", seconds: 0.2);
        cluster.Submit("two");

        var report = await SentAsync<ReportFailure>();

        Assert.Equal(FailureType.TaskTimeout, report.FailureType);
        await UntilAsync(() => cluster.Held.Count == 0 && Sent.SentOf<Heartbeat>().Count() > 3);
        Assert.False(running.ContainsKey("two"));
        release.SetResult();
        await UntilAsync(() => running.ContainsKey("two"));
    }

    [Fact]
    public async Task Should_send_progress_and_every_held_lease_with_heartbeats()
    {
        await StartAsync((task, cancellation) =>
        {
            task.ReportProgress(0.4);
            return HoldAsync(task, cancellation);
        });
        cluster.Submit("one");

        await UntilAsync(() => Sent.SentOf<Heartbeat>().Any(beat => beat is { ListsHeld: true, Held: [{ Progress: 0.4 }] }));
    }

    [Fact]
    public async Task Should_finish_running_tasks_and_then_unregister_when_the_host_stops()
    {
        await StartAsync(HoldAsync);
        cluster.Submit("one");
        await UntilAsync(() => running.ContainsKey("one"));

        var stopping = host!.StopAsync();
        await UntilAsync(() => Sent.SentOf<Heartbeat>().Any(beat => beat.Status == WorkerStatus.Maintenance));
        Assert.False(running["one"].IsCancellationRequested);
        release.SetResult();
        await stopping.WaitAsync(Bound);

        Assert.Single(Sent.SentOf<CompleteTasks>());
        _ = Assert.IsType<UnregisterWorker>(Sent.Sent.Last(message => message is not Heartbeat));
    }

    [Fact]
    public async Task Should_give_tasks_back_without_blame_when_they_do_not_finish_in_time()
    {
        await StartAsync(HoldAsync, options => options.DrainTimeout = TimeSpan.FromMilliseconds(50));
        cluster.Submit("one");
        await UntilAsync(() => running.ContainsKey("one"));

        await host!.StopAsync().WaitAsync(Bound);

        Assert.True(running["one"].IsCancellationRequested);
        Assert.Equal("one", Assert.Single(Sent.SentOf<ReleaseLeases>()).Leases[0].TaskId.Value);
        Assert.Empty(Sent.SentOf<ReportFailure>());
        Assert.Single(Sent.SentOf<UnregisterWorker>());
    }

    [Fact]
    public async Task Should_register_again_when_the_cluster_has_forgotten_the_worker()
    {
        var forgotten = 1;
        cluster.Instead = message => message is Heartbeat && Interlocked.Exchange(ref forgotten, 0) == 1
            ? throw MoragException.Of(Refused.Unknown("no such worker"))
            : null;
        await StartAsync((_, _) => Task.FromResult(JsonText.Null));
        cluster.Submit("one");

        await UntilAsync(() => Sent.SentOf<RegisterWorker>().Count() == 2 && Sent.SentOf<CompleteTasks>().Any());

        Assert.Single(Sent.SentOf<RegisterWorker>().Select(sent => sent.Registration.InstanceId).Distinct());
    }

    [Fact]
    public async Task Should_stop_the_host_without_registering_when_another_process_works_under_the_id()
    {
        var beats = 0;
        cluster.Instead = message => message is GetWorker get
            ? new WorkerInfo
            {
                Registration = new()
                {
                    WorkerId = get.WorkerId,
                    Capability = WorkerCapability.Cpu,
                    InstanceId = new("other"),
                },
                LastHeartbeat = DateTimeOffset.UnixEpoch.AddSeconds(beats++),
            }
            : null;

        await StartAsync((_, _) => Task.FromResult(JsonText.Null));

        await host!.WaitForShutdownAsync().WaitAsync(Bound);
        Assert.Empty(Sent.SentOf<RegisterWorker>());
        Assert.Empty(Sent.SentOf<UnregisterWorker>());
    }

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _ = release.TrySetResult();
        if (host is not null)
        {
            await host.StopAsync();
            host.Dispose();
        }
    }

    private async Task StartAsync(Func<TaskRun, CancellationToken, Task<JsonText>> handle, Action<MoragWorkerOptions>? configure = null)
    {
        var builder = Host.CreateApplicationBuilder();
        _ = builder.Logging.ClearProviders();
        _ = builder.Services.AddSingleton<IMoragTransport>(cluster.Transport).AddSingleton(new DelegateHandler(handle));
        _ = builder.Services.AddMoragWorker<DelegateHandler>(options =>
        {
            options.WorkerId = "worker-a";
            options.Slots = 2;
            options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
            options.DrainTimeout = Bound;
            configure?.Invoke(options);
        });
        host = builder.Build();
        await host.StartAsync();
    }

    private async Task<JsonText> HoldAsync(TaskRun task, CancellationToken cancellation)
    {
        running[task.TaskId.Value] = cancellation;
        await release.Task.WaitAsync(cancellation);
        return JsonText.Null;
    }

    private async Task<T> SentAsync<T>()
        where T : class
    {
        await UntilAsync(() => Sent.SentOf<T>().Any());
        return Sent.SentOf<T>().First();
    }

    private static Task UntilAsync(Func<bool> condition) => Wait.UntilSucceedsAsync(() =>
    {
        Assert.True(condition());
        return Task.CompletedTask;
    });

    private sealed class DelegateHandler(Func<TaskRun, CancellationToken, Task<JsonText>> handle) : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation) => handle(task, cancellation);
    }

    private sealed class Idle : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation) => Task.FromResult(JsonText.EmptyObject);
    }
}
