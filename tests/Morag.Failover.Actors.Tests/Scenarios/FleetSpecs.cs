using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>All GPU workers are down. Nothing is parked because workers are absent.</summary>
public sealed class FleetSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_wait_and_be_seen_as_unserved_when_all_gpu_workers_are_down()
    {
        var boxes = await LoseAllGpuWorkersAsync();
        var task = await SubmitAsync("waiting", "gpu_priority");

        await PassAsync(TimeSpan.FromHours(3));
        await CrashEverythingAsync();
        await PassAsync(TimeSpan.FromMinutes(1));

        var queue = await QueueAsync("gpu_priority");
        Assert.Equal((true, 3, 0, 0), (queue.Unserved, queue.PendingTasks, queue.ParkedTasks, queue.WorkerCount));
        Assert.Equal(TaskState.Queued, (await TaskAsync(task)).State);
        Assert.Empty((await ExplainAsync(task)).Decisions);
        (await DecisionAsync(new("running-1"))).Chose(ReassignSameQueue, "worker_offline").WithoutGuards().CarriedOut();

        await boxes[0].StartAsync();
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, (await boxes[0].LeaseAsync()).Count);
        Assert.False((await QueueAsync("gpu_priority")).Unserved);
    }

    [Fact]
    public async Task Should_move_by_a_decision_what_another_queues_workers_can_take_when_all_gpu_workers_stay_down()
    {
        await LoseAllGpuWorkersAsync();
        var cpu = await RegisterAsync("cpu-1", slots: 4);
        var movable = await SubmitAsync("movable", "gpu_priority");
        var bound = await SubmitAsync("bound", "gpu_priority", each => each with { ResourceRequirements = new() { GpuRequired = true } });

        await PassAsync(TimeSpan.FromMinutes(9));
        Assert.True((await QueueAsync("gpu_priority")).Unserved);
        Assert.Equal("gpu_priority", (await TaskAsync(movable)).Queue.Value);
        await PassAsync(TimeSpan.FromMinutes(2));

        var decision = (await DecisionAsync(movable))
            .Chose(FallbackQueue, "unserved")
            .WithoutGuards()
            .Knowing("unserved", "true")
            .CarriedOut();
        Assert.Equal("cpu_standard", decision.SelectedAction.TargetQueue?.Value);
        Assert.Contains("no available worker can take the task: gpu_fallback", decision.SelectedAction.Reason, StringComparison.Ordinal);
        Assert.Null(decision.FailureEvent.WorkerId);
        var leases = await cpu.LeaseAsync();
        Assert.Equal(["movable", "running-1", "running-2"], leases.Select(lease => lease.TaskId.Value).Order());
        Assert.Equal((0, 0), ((await TaskAsync(movable)).RetryCount, (await cpu.ScoreAsync()).TotalTasks));

        await PassAsync(TimeSpan.FromHours(1));
        var left = await TaskAsync(bound);
        Assert.Equal((TaskState.Queued, "gpu_priority"), (left.State, left.Queue.Value));
        Assert.Empty((await ExplainAsync(bound)).Decisions);
        Assert.True((await QueueAsync("gpu_priority")).Unserved);
    }

    [Theory]
    [InlineData("drain", "1 draining")]
    [InlineData("breaker", "1 with an open breaker")]
    [InlineData("error", "1 in error")]
    [InlineData("maintenance", "1 draining")]
    public async Task Should_move_by_a_decision_what_only_an_unavailable_worker_could_take(string obstacle, string words)
    {
        var gpu = await RegisterAsync("gpu-1", WorkerCapability.Gpu);
        var cpu = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("movable", "gpu_priority");
        await PassAsync(TimeSpan.FromMinutes(15));
        await MakeUnavailableAsync(gpu, obstacle);

        await PassAsync(TimeSpan.FromMinutes(9));
        Assert.Equal($"all suitable workers are unavailable ({words}): 1 task", (await QueueAsync("gpu_priority")).UnservedBecause);
        Assert.Equal("gpu_priority", (await TaskAsync(task)).Queue.Value);
        await PassAsync(TimeSpan.FromMinutes(2));

        var decision = (await DecisionAsync(task)).Chose(FallbackQueue, "unserved").WithoutGuards().CarriedOut();
        Assert.Equal("cpu_standard", decision.SelectedAction.TargetQueue?.Value);
        Assert.Equal(
            $"no worker of gpu_priority could run the task for 600 s: all suitable workers are unavailable ({words})",
            decision.FailureEvent.ErrorMessage);
        Assert.Equal(task, (await cpu.LeaseOneAsync()).TaskId);
    }

    /// <summary>The default breaker is open for 300 s at first, and then half-open: that is sooner than the tasks move.</summary>
    [Fact]
    public async Task Should_leave_the_tasks_of_a_queue_when_its_workers_breaker_opens_and_lets_a_probe_through_again()
    {
        var gpu = await RegisterAsync("gpu-1", WorkerCapability.Gpu, slots: 2);
        await RegisterAsync("cpu-1");
        for (var i = 1; i <= Defaults.Workers.BreakerThreshold; i++)
        {
            await SubmitAsync($"bad-{i}", "gpu_priority");
            await gpu.FailAsync(await gpu.LeaseOneAsync(), AuthenticationFailure);
            await Owners.SettleAsync();
        }

        Assert.Equal(BreakerState.Open, (await gpu.ScoreAsync()).BreakerState);
        await PassAsync(TimeSpan.FromMinutes(20));

        Assert.Equal(BreakerState.HalfOpen, (await gpu.ScoreAsync()).BreakerState);
        Assert.Equal(("gpu_priority", false), ((await TaskAsync(new("bad-1"))).Queue.Value, (await QueueAsync("gpu_priority")).Unserved));
    }

    [Fact]
    public async Task Should_hold_nothing_against_a_task_when_a_rack_loses_power_under_it_again_and_again()
    {
        var task = await SubmitAsync("unlucky", "gpu_priority");
        for (var outage = 1; outage <= 4; outage++)
        {
            var rack = new List<ScenarioWorker>();
            for (var i = 1; i <= 2; i++)
            {
                var neighbour = await RegisterAsync($"cpu-{outage}-{i}");
                await SubmitAsync($"other-{outage}-{i}", "cpu_standard");
                Assert.NotEmpty(await neighbour.LeaseAsync());
                rack.Add(neighbour);
            }

            // The one that was heard of last is missed last: by then it is known that others are gone too.
            await PassAsync(TimeSpan.FromSeconds(5));
            var host = await RegisterAsync($"gpu-{outage}", WorkerCapability.Gpu);
            Assert.Equal(task, (await host.LeaseOneAsync()).TaskId);
            rack.Add(host);
            rack.ForEach(worker => worker.FallsSilent());
            await PassAsync(TimeSpan.FromMinutes(5));

            (await DecisionAsync(task, outage))
                .Chose(ReassignSameQueue, "worker_offline")
                .WithoutGuards()
                .Knowing("excluded_from_budgets", "true")
                .CarriedOut();
        }

        Assert.Equal((TaskState.Queued, 0), ((await TaskAsync(task)).State, (await TaskAsync(task)).RetryCount));
    }

    private async Task MakeUnavailableAsync(ScenarioWorker worker, string obstacle)
    {
        switch (obstacle)
        {
            case "drain":
                await Owners.AskAsync<Done>(Owners.Workers, new DrainWorker { WorkerId = worker.Id, Reason = "new kernel" });
                break;
            case "breaker":
                await Owners.AskAsync<WorkerReliabilityScore>(
                    Owners.Workers,
                    new SetBreaker { WorkerId = worker.Id, Action = BreakerAction.Open, Reason = "wrong results" });
                break;
            default:
                worker.Says = obstacle == "error" ? WorkerStatus.Error : WorkerStatus.Maintenance;
                await worker.BeatAsync(worker.Says);
                break;
        }
    }

    private async Task<IReadOnlyList<ScenarioWorker>> LoseAllGpuWorkersAsync()
    {
        var boxes = new[]
        {
            await RegisterAsync("gpu-1", WorkerCapability.Gpu, slots: 2),
            await RegisterAsync("gpu-2", WorkerCapability.Gpu, slots: 2),
        };
        for (var i = 0; i < boxes.Length; i++)
        {
            await SubmitAsync($"running-{i + 1}", "gpu_priority");
            await boxes[i].LeaseOneAsync();
        }

        await PassAsync(TimeSpan.FromMinutes(1));
        Array.ForEach(boxes, box => box.FallsSilent());
        await PassAsync(TimeSpan.FromMinutes(1));
        return boxes;
    }
}
