using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Morag.Failover.Client.Connection;
using Morag.Failover.Client.Workers;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.TestHosts;

namespace Morag.Failover.Client.Tests.Workers;

/// <summary>A worker in a host, with a cluster that a test plays.</summary>
public sealed class WorkerSpecs : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(30);

    private readonly FakeCluster cluster = new();
    private readonly ConcurrentDictionary<string, CancellationToken> running = new();
    private readonly TaskCompletionSource release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationToken? leasing;
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
    public async Task Should_request_leases_under_a_new_id_when_an_answer_cannot_be_read()
    {
        var spoilt = 0;
        cluster.Instead = message => message is RequestLeases && spoilt++ < 2
            ? throw new MoragUnavailableException("cannot be read") { OutcomeUnknown = true, IsUnreadable = true }
            : null;
        await StartAsync((_, _) => Task.FromResult(JsonText.Null));
        cluster.Submit("one");

        await SentAsync<CompleteTasks>();

        Assert.Equal(3, Sent.SentOf<RequestLeases>().Take(3).Select(request => request.RequestId).Distinct().Count());
    }

    [Fact]
    public async Task Should_work_when_the_answers_about_its_registration_cannot_be_read()
    {
        cluster.Instead = message => message is RegisterWorker or GetWorker
            ? throw new MoragUnavailableException("cannot be read") { OutcomeUnknown = true, IsUnreadable = true }
            : null;
        await StartAsync((_, _) => Task.FromResult(JsonText.Null));
        cluster.Submit("one");

        await SentAsync<CompleteTasks>();

        Assert.Single(Sent.SentOf<RegisterWorker>());
    }

    [Fact]
    public async Task Should_deliver_every_outcome_when_handlers_end_at_once()
    {
        const int Tasks = 500;
        await StartAsync((_, _) => Task.FromResult(JsonText.Null), options => options.Slots = 50);
        for (var number = 0; number < Tasks; number++)
        {
            cluster.Submit($"task-{number}");
        }

        await UntilAsync(() => Sent.SentOf<CompleteTasks>().Count() == Tasks);

        Assert.Empty(Sent.SentOf<ReportFailure>());
        Assert.Empty(cluster.Held);
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

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_not_cancel_the_handler_at_the_first_deadline_when_the_lease_is_extended(bool byTheHandler)
    {
        const double Seconds = 2;
        var extension = TimeSpan.FromHours(1);
        cluster.Instead = message => message is ExtendLease extend
            ? new LeaseResults
            {
                Results = [new() { TaskId = extend.TaskId, Epoch = extend.Epoch, Deadline = cluster.Held.First().Deadline + extend.By }],
            }
            : null;
        await StartAsync(async (task, cancellation) =>
        {
            var started = TimeProvider.System.GetTimestamp();
            if (byTheHandler)
            {
                await task.ExtendAsync(extension, cancellation);
            }
            else
            {
                var deadline = cluster.Held.First().Deadline + extension;
                Sent.Signal(new DeadlineSignal { TaskId = task.TaskId, Epoch = task.Epoch, Deadline = deadline });
            }

            // Meanwhile, heartbeats are answered with the first deadline.
            var heartbeats = Sent.SentOf<Heartbeat>().Count();
            await UntilAsync(() => TimeProvider.System.GetElapsedTime(started).TotalSeconds > Seconds
                && Sent.SentOf<Heartbeat>().Count() > heartbeats + 2);
            cancellation.ThrowIfCancellationRequested();
            return JsonText.Null;
        });
        cluster.Submit("one", seconds: Seconds);

        _ = await SentAsync<CompleteTasks>();
    }

    [Theory]
    [InlineData(RefusalReason.Conflict, false)]
    [InlineData(RefusalReason.Conflict, true)]
    [InlineData(RefusalReason.Unknown, true)]
    public async Task Should_tell_the_handler_that_its_lease_has_ended_when_it_cannot_be_extended(RefusalReason reason, bool isThrown)
    {
        var refused = new Refused { Reason = reason, Message = "task one is held by another worker" };
        cluster.Instead = message => message is not ExtendLease extend
            ? null
            : isThrown
                ? throw MoragException.Of(refused)
                : new LeaseResults { Results = [new() { TaskId = extend.TaskId, Epoch = extend.Epoch, Refused = refused }] };
        await StartAsync(async (task, cancellation) => JsonText.Of(
            (await Assert.ThrowsAsync<MoragLeaseEndedException>(() => task.ExtendAsync(TimeSpan.FromMinutes(1), cancellation))).Message));
        cluster.Submit("one");

        Assert.Equal("\"task one is held by another worker\"", (await SentAsync<CompleteTasks>()).Completions[0].Result.Raw);
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
    public async Task Should_report_progress_and_checkpoints_while_the_handler_runs()
    {
        await StartAsync((task, cancellation) =>
        {
            task.ReportProgress(0.4, "page 3");
            task.SaveCheckpoint(new { page = task.ReadCheckpoint<Page>()!.Number + 1 });
            return HoldAsync(task, cancellation);
        });
        cluster.Submit("one", checkpoint: JsonText.Trusted("""{"number":2}"""));

        await UntilAsync(() => Sent.SentOf<ReportProgress>().Any(report => report.Checkpoint?.Raw == """{"page":3}"""));
        await UntilAsync(() => Sent.SentOf<ReportProgress>().Any(report => report is { Percent: 40, Message: "page 3", Epoch.Value: 1 }));
        release.SetResult();
        _ = await SentAsync<CompleteTasks>();
    }

    [Fact]
    public async Task Should_report_the_last_checkpoint_before_the_failure()
    {
        await StartAsync((task, _) =>
        {
            task.SaveCheckpoint(3);
            throw new InvalidOperationException("broken");
        });
        cluster.Submit("one");

        _ = await SentAsync<ReportFailure>();

        var sent = Sent.Sent.Where(message => message is ReportProgress or ReportFailure).ToArray();
        Assert.Equal("3", Assert.IsType<ReportProgress>(sent[0]).Checkpoint!.Value.Raw);
        Assert.IsType<ReportFailure>(sent[1]);
    }

    [Fact]
    public async Task Should_report_the_last_checkpoint_before_the_task_is_given_back()
    {
        await StartAsync(
            async (task, cancellation) =>
            {
                running[task.TaskId.Value] = cancellation;
                await Task.WhenAny(Task.Delay(Timeout.InfiniteTimeSpan, cancellation));
                task.SaveCheckpoint("on stop");
                throw new OperationCanceledException(cancellation);
            },
            options => options.DrainTimeout = TimeSpan.FromMilliseconds(50));
        cluster.Submit("one");
        await UntilAsync(() => running.ContainsKey("one"));

        await host!.StopAsync().WaitAsync(Bound);

        var sent = Sent.Sent.Where(message => message is ReportProgress or ReleaseLeases or ReportFailure).ToArray();
        Assert.Equal("\"on stop\"", Assert.IsType<ReportProgress>(sent[0]).Checkpoint!.Value.Raw);
        Assert.IsType<ReleaseLeases>(sent[1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_go_on_when_progress_is_rejected(bool isThrown)
    {
        var refused = Refused.Unknown("no such call");
        cluster.Instead = message => message is not ReportProgress report ? null
            : isThrown ? throw MoragException.Of(refused)
            : new LeaseResults { Results = [new() { TaskId = report.TaskId, Epoch = report.Epoch, Refused = refused }] };
        await StartAsync((task, cancellation) =>
        {
            task.ReportProgress(0.4);
            return HoldAsync(task, cancellation);
        });
        cluster.Submit("one");
        await UntilAsync(() => Sent.SentOf<ReportProgress>().Any());
        release.SetResult();

        _ = await SentAsync<CompleteTasks>();
        Assert.Single(Sent.SentOf<ReportProgress>());
    }

    [Fact]
    public async Task Should_reject_checkpoints_that_the_cluster_would_reject()
    {
        await StartAsync((task, _) =>
        {
            Assert.Throws<ArgumentException>(() => task.SaveCheckpoint(new string('x', TaskLimits.MaxCheckpointBytes)));
            Assert.Throws<ArgumentException>(() => task.SaveCheckpoint(JsonText.Trusted("{")));
            Assert.Throws<ArgumentOutOfRangeException>(() => task.ReportProgress(double.NaN));
            return Task.FromResult(JsonText.Null);
        });
        cluster.Submit("one");

        _ = await SentAsync<CompleteTasks>();
        Assert.Empty(Sent.SentOf<ReportProgress>());
    }

    [Fact]
    public async Task Should_repeat_a_heartbeat_soon_and_not_after_its_interval_when_it_is_not_answered()
    {
        var lost = 0;
        cluster.Instead = message => message is Heartbeat && lost++ < 3 ? throw new MoragUnavailableException("lost") : null;

        await StartAsync((_, _) => Task.FromResult(JsonText.Null), options => options.HeartbeatInterval = TimeSpan.FromHours(1));

        await UntilAsync(() => Sent.SentOf<Heartbeat>().Count() == 4);
        Assert.Equal(HeartbeatPace.LimitFor(TimeSpan.FromHours(1)), Sent.HeartbeatLimit);
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
        var left = Assert.IsType<UnregisterWorker>(Sent.Sent.Last(message => message is not Heartbeat));
        Assert.Equal(Sent.SentOf<RegisterWorker>().Single().Registration.InstanceId, left.InstanceId);
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
    public async Task Should_stop_leasing_and_leave_the_successor_registered_when_another_process_takes_the_id_over()
    {
        await StartAsync(HoldAsync);
        cluster.Submit("one");
        await UntilAsync(() => running.ContainsKey("one") && Sent.SentOf<RequestLeases>().Count() == 2);

        TakeOver();

        await host!.WaitForShutdownAsync().WaitAsync(Bound);
        Assert.True(running["one"].IsCancellationRequested);
        Assert.True(leasing!.Value.IsCancellationRequested);
        Assert.Equal(2, Sent.SentOf<RequestLeases>().Count());
        Assert.Single(Sent.SentOf<RegisterWorker>());
        Assert.Empty(Sent.SentOf<UnregisterWorker>());
    }

    [Fact]
    public async Task Should_leave_the_successor_registered_when_another_process_takes_the_id_over_during_the_drain()
    {
        await StartAsync(HoldAsync);
        cluster.Submit("one");
        await UntilAsync(() => running.ContainsKey("one"));
        var stopping = host!.StopAsync();
        await UntilAsync(() => Sent.SentOf<Heartbeat>().Any(beat => beat.Status == WorkerStatus.Maintenance));

        TakeOver();
        await UntilAsync(() => Sent.SentOf<GetWorker>().Count() > 2);
        release.SetResult();

        await stopping.WaitAsync(Bound);
        Assert.Empty(Sent.SentOf<UnregisterWorker>());
    }

    [Fact]
    public async Task Should_end_its_heartbeats_and_its_session_before_it_unregisters_when_the_host_stops()
    {
        var sessions = -1;
        cluster.Instead = message =>
        {
            sessions = message is UnregisterWorker ? Sent.OpenSessions : sessions;
            return null;
        };
        await StartAsync(HoldAsync);
        await UntilAsync(() => Sent.OpenSessions == 1 && Sent.SentOf<Heartbeat>().Any());

        await host!.StopAsync().WaitAsync(Bound);

        Assert.Equal(0, sessions);
        Assert.Single(Sent.SentOf<RegisterWorker>());
        _ = Assert.IsType<UnregisterWorker>(Sent.Sent.Last());
    }

    [Fact]
    public async Task Should_drain_all_workers_at_once_when_the_host_stops()
    {
        await StartAsync(
            HoldAsync, options => options.Slots = 1, second: options => (options.WorkerId, options.Slots) = ("worker-b", 1));
        cluster.Submit("one");
        cluster.Submit("two");
        await UntilAsync(() => running.Count == 2);

        var stopping = host!.StopAsync();

        // Both tasks still run, so neither worker is done.
        await UntilAsync(() => Sent.SentOf<Heartbeat>()
            .Where(beat => beat.Status == WorkerStatus.Maintenance).DistinctBy(beat => beat.WorkerId).Count() == 2);
        Assert.False(stopping.IsCompleted);
        release.SetResult();
        await stopping.WaitAsync(Bound);
        Assert.Equal(2, Sent.SentOf<UnregisterWorker>().Count());
    }

    [Fact]
    public async Task Should_stop_the_host_without_registering_when_another_process_works_under_the_id()
    {
        TakeOver();

        await StartAsync((_, _) => Task.FromResult(JsonText.Null));

        await host!.WaitForShutdownAsync().WaitAsync(Bound);
        Assert.Empty(Sent.SentOf<RegisterWorker>());
        Assert.Empty(Sent.SentOf<UnregisterWorker>());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_stop_the_host_with_the_message_when_a_proxy_could_read_the_token(bool atStart)
    {
        var exposed = new TokenExposed(new Uri("http://proxy:3128"), new Uri("http://node:8080"));
        var failure = new MoragAccessDeniedException(exposed.Message, exposed);
        cluster.Instead = message => (atStart ? message is GetWorker : message is Heartbeat) ? throw failure : null;

        await StartAsync((_, _) => Task.FromResult(JsonText.Null));

        await host!.WaitForShutdownAsync().WaitAsync(Bound);
        var worker = host!.Services.GetServices<IHostedService>().OfType<BackgroundService>().Single();
        var stopped = await Assert.ThrowsAsync<MoragAccessDeniedException>(() => worker.ExecuteTask!);
        Assert.Equal(exposed.Message, stopped.Message);
        Assert.Equal(atStart ? 0 : 1, Sent.SentOf<RegisterWorker>().Count());
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

    /// <summary>From now on, another instance is registered and sends heartbeats.</summary>
    private void TakeOver()
    {
        var beats = 0;
        cluster.Instead = message => message switch
        {
            GetWorker get => new WorkerInfo
            {
                Registration = new()
                {
                    WorkerId = get.WorkerId,
                    Capability = WorkerCapability.Cpu,
                    InstanceId = new("other"),
                },
                LastHeartbeat = DateTimeOffset.UnixEpoch.AddMinutes(Interlocked.Increment(ref beats)),
            },
            Heartbeat => throw MoragException.Of(Refused.Conflict("another instance is registered")),
            _ => null,
        };
    }

    private async Task StartAsync(
        Func<TaskRun, CancellationToken, Task<JsonText>> handle,
        Action<MoragWorkerOptions>? configure = null,
        Action<MoragWorkerOptions>? second = null)
    {
        var answer = Sent.Answer;
        Sent.Answer = (message, cancellation) =>
        {
            leasing = message is RequestLeases ? cancellation : leasing;
            return answer(message, cancellation);
        };
        host = await QuietHost.StartAsync(services =>
        {
            _ = services.AddSingleton<IMoragTransport>(cluster.Transport).AddSingleton(new DelegateHandler(handle));
            _ = services.AddMoragWorker<DelegateHandler>(options =>
            {
                Configure(options);
                configure?.Invoke(options);
            });
            if (second is not null)
            {
                _ = services.AddSingleton(new SecondHandler(handle)).AddMoragWorker<SecondHandler>(options =>
                {
                    Configure(options);
                    second(options);
                });
            }
        });
    }

    private static void Configure(MoragWorkerOptions options)
    {
        options.WorkerId = "worker-a";
        options.Slots = 2;
        options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
        options.DrainTimeout = Bound;
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

    private sealed class SecondHandler(Func<TaskRun, CancellationToken, Task<JsonText>> handle) : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation) => handle(task, cancellation);
    }

    private sealed class Idle : ITaskHandler
    {
        public Task<JsonText> HandleAsync(TaskRun task, CancellationToken cancellation) => Task.FromResult(JsonText.EmptyObject);
    }

    private sealed record Page(int Number);
}
