using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Failover;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A task fails, and what is tried with it, one thing after the other.</summary>
public sealed class TaskFailureSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    private const string Lower = """{"disable_diarization":true,"reduce_quality":true}""";

    [Fact]
    public async Task Should_retry_on_the_same_worker_after_the_delay_and_then_elsewhere_when_its_network_fails()
    {
        var flaky = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("call-1", "cpu_standard");
        var lease = await flaky.LeaseOneAsync();
        var other = await RegisterAsync("cpu-2");

        var first = (await flaky.FailAsync(lease, NetworkFailure, "connection reset"))
            .Chose(RetrySameWorker, "network_failure")
            .WithoutGuards()
            .Delaying(30);
        Assert.Equal((flaky.Id, 2), (first.SelectedAction.TargetWorkerId!.Value, first.SelectedAction.MaxRetries));
        await PassAsync(TimeSpan.FromSeconds(29));
        Assert.Empty(await flaky.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Empty(await other.LeaseAsync());
        (await DecisionAsync(task)).CarriedOut();

        (await flaky.FailAsync(await flaky.LeaseOneAsync(), NetworkFailure))
            .Chose(RetrySameWorker, "network_failure")
            .WithoutGuards()
            .Delaying(60);
        await PassAsync(TimeSpan.FromSeconds(60));
        (await flaky.FailAsync(await flaky.LeaseOneAsync(), NetworkFailure))
            .Chose(ReassignSameQueue, "network_failure")
            .Overruling("budget", RetrySameWorker, "retries on cpu-1 exhausted: 2 of 2 in a row used")
            .Delaying(0);

        Assert.Empty(await flaky.LeaseAsync());
        await other.CompleteAsync(await other.LeaseOneAsync());
        Assert.Equal(TaskState.Succeeded, (await TaskAsync(task)).State);
        (await DecisionAsync(task, number: 3)).CarriedOut();
    }

    [Fact]
    public async Task Should_let_another_worker_take_the_retry_when_its_worker_does_not()
    {
        var flaky = await RegisterAsync("cpu-1");
        await SubmitAsync("call-1", "cpu_standard");
        var lease = await flaky.LeaseOneAsync();
        var other = await RegisterAsync("cpu-2");
        await flaky.FailAsync(lease, NetworkFailure);

        await PassAsync(TimeSpan.FromSeconds(30 + 59));
        Assert.Empty(await other.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Single(await other.LeaseAsync());
    }

    [Fact]
    public async Task Should_let_another_worker_take_the_retry_at_once_when_its_worker_drains_during_the_delay()
    {
        var flaky = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("call-1", "cpu_standard");
        var lease = await flaky.LeaseOneAsync();
        var other = await RegisterAsync("cpu-2");
        await flaky.FailAsync(lease, NetworkFailure);
        await Owners.AskAsync<Done>(Owners.Workers, new DrainWorker { WorkerId = flaky.Id, Reason = "a new disk" });

        await PassAsync(TimeSpan.FromSeconds(29));
        Assert.Empty(await other.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(task, (await other.LeaseOneAsync()).TaskId);
    }

    [Fact]
    public async Task Should_end_the_pin_with_its_delay_when_the_worker_has_registered_anew_and_can_no_longer_take_the_task()
    {
        var worker = await RegisterAsync(
            "g",
            WorkerCapability.Gpu,
            with: each => each with { Hardware = new() { MemoryGb = 16, GpuCount = 1 } });
        var task = await SubmitAsync("video-1", "gpu_priority", each => each with { ResourceRequirements = new() { MemoryGb = 8 } });
        var lease = await worker.LeaseOneAsync();
        var other = await RegisterAsync(
            "h",
            WorkerCapability.Gpu,
            with: each => each with { Hardware = new() { MemoryGb = 16, GpuCount = 1 } });
        (await worker.FailAsync(lease, NetworkFailure)).Chose(RetrySameWorker, "network_failure").Delaying(30);
        await worker.BecomesAsync(each => each with { Capability = WorkerCapability.Cpu, Hardware = new() { MemoryGb = 4 } });

        await PassAsync(TimeSpan.FromSeconds(28));
        Assert.Empty(await other.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(2));

        await other.CompleteAsync(await other.LeaseOneAsync());
        var told = Assert.Single(TaskExplanation.Of(await ExplainAsync(task), (await TaskAsync(task)).History)).Afterwards;
        Assert.Equal(["pin_ended", "completed"], told.Select(entry => entry.What));
        Assert.Equal((worker.Id, "g: it does not serve gpu_priority"), (told[0].WorkerId, told[0].Detail));
    }

    [Fact]
    public async Task Should_degrade_then_fall_back_then_park_and_take_an_operators_requeue_when_resources_run_out_again_and_again()
    {
        var gpu = await RegisterAsync("gpu-1", WorkerCapability.Gpu);
        var cpu = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("video-1", "gpu_priority");

        var degraded = (await gpu.FailAsync(await gpu.LeaseOneAsync(), ResourceExhaustion, "CUDA out of memory"))
            .Chose(DegradeQuality, "resource_exhaustion.degrade").WithoutGuards();
        Assert.Equal(Lower, degraded.SelectedAction.QualityDegradation.Raw);
        var lease = await gpu.LeaseOneAsync();
        Assert.Equal(Lower, lease.Quality.Raw);

        var fallback = (await gpu.FailAsync(lease, ResourceExhaustion))
            .Chose(FallbackQueue, "resource_exhaustion.degrade")
            .Overruling("quality_ladder", DegradeQuality, "rung 1 of 1")
            .Knowing("quality_rung", "1");
        Assert.Equal("gpu_fallback", fallback.SelectedAction.TargetQueue?.Value);
        lease = await gpu.LeaseOneAsync();
        Assert.Equal("gpu_fallback", lease.Queue.Value);

        fallback = (await gpu.FailAsync(lease, ResourceExhaustion)).Chose(FallbackQueue, "resource_exhaustion.degrade");
        Assert.Equal("cpu_standard", fallback.SelectedAction.TargetQueue?.Value);
        (await cpu.FailAsync(await cpu.LeaseOneAsync(), ResourceExhaustion))
            .Chose(ManualIntervention, "resource_exhaustion.degrade")
            .Overruling("budget", DegradeQuality, "task failure 4, and 3 are allowed");
        var parked = await TaskAsync(task);
        Assert.Equal((TaskState.Parked, "cpu_standard"), (parked.State, parked.Queue.Value));
        Assert.Contains("task failure 4", parked.ParkedBecause, StringComparison.Ordinal);
        (await DecisionAsync(task, number: 4)).CarriedOut();

        await PassAsync(TimeSpan.FromHours(1));
        Assert.Empty(await cpu.LeaseAsync());
        await Owners.AskAsync<Done>(Owners.Queues, new RequeueTask
        {
            TaskId = task,
            Queue = new("gpu_priority"),
            Quality = JsonText.Trusted("""{"resolution":"480p"}"""),
            Reason = "at a quarter of its size",
        });
        lease = await gpu.LeaseOneAsync();
        Assert.Equal(("gpu_priority", """{"resolution":"480p"}""", 5), (lease.Queue.Value, lease.Quality.Raw, lease.Attempt));

        // Its budgets are its own again: it degrades before it falls back, and is far from being parked.
        (await gpu.FailAsync(lease, ResourceExhaustion))
            .Chose(DegradeQuality, "resource_exhaustion.degrade")
            .WithoutGuards()
            .Knowing("own_failures_before", "0 of 3");
        lease = await gpu.LeaseOneAsync();
        Assert.Equal("""{"resolution":"480p","disable_diarization":true,"reduce_quality":true}""", lease.Quality.Raw);
        await gpu.CompleteAsync(lease);
        Assert.Equal(TaskState.Succeeded, (await TaskAsync(task)).State);
    }

    [Fact]
    public async Task Should_park_when_resources_run_out_at_the_end_of_the_fallback_chain()
    {
        var cpu = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("video-1", "cpu_batch");
        await cpu.FailAsync(await cpu.LeaseOneAsync(), ResourceExhaustion);

        var decision = await cpu.FailAsync(await cpu.LeaseOneAsync(), ResourceExhaustion);

        decision.Chose(ManualIntervention, "resource_exhaustion.degrade")
            .Overruling("quality_ladder", DegradeQuality)
            .Overruling("fallback_chain", FallbackQueue, "cpu_batch is the last queue of its fallback chain");
        Assert.Equal(TaskState.Parked, (await TaskAsync(task)).State);
    }

    [Fact]
    public async Task Should_degrade_one_large_video_and_blame_nothing_else_on_its_worker_when_it_runs_out_of_memory()
    {
        var gpu = await RegisterAsync("gpu-1", WorkerCapability.Gpu, slots: 2);
        var large = await SubmitAsync("large", "gpu_priority", each => each with { Quality = JsonText.Trusted("""{"model":"large"}""") });
        var small = await SubmitAsync("small", "gpu_priority");
        var leases = await gpu.LeaseAsync();

        (await gpu.FailAsync(leases[0], ResourceExhaustion, "CUDA out of memory"))
            .Chose(DegradeQuality, "resource_exhaustion.degrade")
            .WithoutGuards()
            .Delaying(0);
        var again = await gpu.LeaseOneAsync();
        Assert.Equal((large, """{"model":"large","disable_diarization":true,"reduce_quality":true}"""), (again.TaskId, again.Quality.Raw));
        await gpu.CompleteAsync(again);
        await gpu.CompleteAsync(leases[1]);
        await PassAsync(TimeSpan.FromSeconds(1));

        (await DecisionAsync(large)).CarriedOut();
        Assert.Empty((await ExplainAsync(small)).Decisions);
        var score = await gpu.ScoreAsync();
        Assert.Equal((1, 3, 0, BreakerState.Closed), (score.FailureCount, score.TotalTasks, score.ConsecutiveFailures, score.BreakerState));
    }
}
