using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Xunit.Abstractions;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A worker that lives and does no work is shown as degraded, and only then.</summary>
public sealed class DegradedWorkerSpecs(ITestOutputHelper output) : ScenarioSpec(output, LongDelays)
{
    private const string LeavesWork = "pulls nothing, though its queues have work";

    private static readonly FailoverSettings LongDelays = Defaults with
    {
        Policy = Defaults.Policy with { NetworkRetryDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) },
    };

    private static readonly TimeSpan Long = Defaults.Workers.DegradedAfter * 2;

    [Fact]
    public async Task Should_be_shown_when_it_pulls_nothing_while_there_is_work_for_it()
    {
        var worker = await RegisterAsync("cpu-1");
        await PassAsync(Long);
        await SubmitAsync("page", "cpu_standard");

        await PassAsync(Defaults.Workers.DegradedAfter - TimeSpan.FromSeconds(10));
        Assert.Null((await worker.InfoAsync()).Degraded);
        await PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(LeavesWork, (await worker.InfoAsync()).Degraded);

        await worker.LeaseOneAsync();
        Assert.Null((await worker.InfoAsync()).Degraded);
    }

    [Fact]
    public async Task Should_not_be_shown_when_the_only_task_is_delayed()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.FailAsync(await worker.LeaseOneAsync(), FailureType.NetworkFailure);

        await PassAsync(Long);

        Assert.Equal((TaskState.Delayed, null), ((await TaskAsync(task)).State, (await worker.InfoAsync()).Degraded));
    }

    [Fact]
    public async Task Should_not_be_shown_when_it_could_not_take_what_waits()
    {
        var worker = await RegisterAsync(
            "cpu-1",
            with: each => each with { SupportedContentTypes = ["audio"], Hardware = new() { MemoryGb = 8 } });
        await SubmitAsync("big", "cpu_standard", each => each with { ResourceRequirements = new() { MemoryGb = 16 } });
        await SubmitAsync("video", "cpu_standard", each => each with { ContentType = "video" });

        await PassAsync(Long);

        Assert.Null((await worker.InfoAsync()).Degraded);
    }

    [Fact]
    public async Task Should_not_be_shown_any_more_when_others_took_the_work()
    {
        var worker = await RegisterAsync("cpu-1");
        var other = await RegisterAsync("cpu-2");
        await SubmitAsync("page", "cpu_standard");
        await PassAsync(Long);
        Assert.Equal(LeavesWork, (await worker.InfoAsync()).Degraded);

        await other.LeaseOneAsync();
        await PassAsync(TimeSpan.FromMinutes(2));

        Assert.Null((await worker.InfoAsync()).Degraded);
    }

    [Fact]
    public async Task Should_not_be_shown_when_it_drains()
    {
        var worker = await RegisterAsync("cpu-1");
        await SubmitAsync("page", "cpu_standard");
        await PassAsync(Long);
        Assert.Equal(LeavesWork, (await worker.InfoAsync()).Degraded);

        await Owners.AskAsync<Done>(Owners.Workers, new DrainWorker { WorkerId = worker.Id, Reason = "new kernel" });
        await PassAsync(TimeSpan.FromMinutes(1));

        Assert.Null((await worker.InfoAsync()).Degraded);
    }

    [Fact]
    public async Task Should_be_shown_when_what_it_holds_makes_no_progress()
    {
        var worker = await RegisterAsync("cpu-1");
        await SubmitAsync("page", "cpu_standard");
        await worker.LeaseOneAsync();
        worker.Progress = 0.3;
        await PassAsync(Defaults.Workers.DegradedAfter + TimeSpan.FromSeconds(20));
        Assert.Equal("holds work without progress", (await worker.InfoAsync()).Degraded);

        worker.Progress = 0.4;
        await PassAsync(TimeSpan.FromSeconds(20));
        Assert.Null((await worker.InfoAsync()).Degraded);
    }
}
