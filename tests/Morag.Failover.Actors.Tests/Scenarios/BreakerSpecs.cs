using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A worker's breaker opens, half-opens and closes, and every restart finds it as it was.</summary>
public sealed class BreakerSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_go_through_all_states_with_the_right_time_left_when_everything_restarts_in_each()
    {
        var worker = await RegisterAsync("cpu-1", slots: 8);
        await SubmitManyAsync(8, "page", "cpu_batch");
        await FailFiveTasksAsync(worker);
        var opened = await worker.ScoreAsync();
        Assert.Equal(
            (BreakerState.Open, true, Clock.Now.AddMinutes(5)),
            (opened.BreakerState, opened.CircuitBreakerActive, opened.CircuitBreakerUntil!.Value));

        await PassAsync(TimeSpan.FromMinutes(2));
        await CrashEverythingAsync();
        Assert.Equal(opened, await worker.ScoreAsync());
        Assert.Equal(1, (await WorkerStatsAsync()).Sum(part => part.ActiveCircuitBreakers));
        Assert.Empty(await worker.LeaseAsync());

        await PassAsync(TimeSpan.FromMinutes(3) - TimeSpan.FromSeconds(1));
        Assert.Empty(await worker.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((BreakerState.HalfOpen, false), await BreakerOfAsync(worker));
        var probe = Assert.Single(await worker.LeaseAsync());

        await CrashEverythingAsync();
        Assert.Empty(await worker.LeaseAsync());
        (await worker.FailAsync(probe, ProcessingError, "still broken"))
            .Chose(ReassignSameQueue, "processing_error")
            .Knowing("worker_breaker", "open");
        var reopened = await worker.ScoreAsync();
        Assert.Equal((BreakerState.Open, Clock.Now.AddMinutes(10)), (reopened.BreakerState, reopened.CircuitBreakerUntil!.Value));

        await PassAsync(TimeSpan.FromMinutes(10));
        probe = Assert.Single(await worker.LeaseAsync());
        await worker.CompleteAsync(probe);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((BreakerState.Closed, false), await BreakerOfAsync(worker));
        Assert.Equal(0, (await worker.ScoreAsync()).ConsecutiveFailures);

        await CrashEverythingAsync();
        Assert.True((await worker.LeaseAsync()).Count > 1);
    }

    [Fact]
    public async Task Should_name_the_open_breaker_when_the_failure_that_opens_it_is_decided()
    {
        var worker = await RegisterAsync("cpu-1", slots: 8);
        var tasks = await SubmitManyAsync(5, "page", "cpu_batch");

        await FailFiveTasksAsync(worker);

        (await DecisionAsync(tasks[3])).Chose(ReassignSameQueue, "processing_error").Knowing("worker_breaker", "closed");
        (await DecisionAsync(tasks[4])).Chose(ReassignSameQueue, "processing_error")
            .Knowing("worker_breaker", "open").Knowing("worker_consecutive_failures", "5").CarriedOut();
        Assert.Equal("5 consecutive failures", (await worker.ScoreAsync()).BreakerReason);
    }

    [Fact]
    public async Task Should_lease_another_probe_when_the_one_before_never_ends()
    {
        var worker = await RegisterAsync("cpu-1", slots: 8);
        await SubmitManyAsync(8, "page", "cpu_batch");
        await FailFiveTasksAsync(worker);
        await PassAsync(TimeSpan.FromMinutes(5));
        var stuck = Assert.Single(await worker.LeaseAsync());

        await PassAsync(TimeSpan.FromMinutes(10) - TimeSpan.FromSeconds(1));
        Assert.Empty(await worker.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(1));
        var probe = Assert.Single(await worker.LeaseAsync());
        Assert.NotEqual(stuck.TaskId, probe.TaskId);
        await worker.CompleteAsync(probe);
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal((BreakerState.Closed, false), await BreakerOfAsync(worker));
    }

    [Fact]
    public async Task Should_free_the_probes_place_when_the_probe_never_arrived()
    {
        var worker = await RegisterAsync("cpu-1", slots: 8);
        await SubmitManyAsync(8, "page", "cpu_batch");
        await FailFiveTasksAsync(worker);
        await PassAsync(TimeSpan.FromMinutes(5));
        Assert.Single(await worker.LeaseWithoutHearingAsync());

        await PassAsync(TimeSpan.FromSeconds(35));

        Assert.Single(await worker.LeaseAsync());
        Assert.Equal((BreakerState.HalfOpen, false), await BreakerOfAsync(worker));
    }

    [Fact]
    public async Task Should_open_the_breaker_and_move_the_task_on_when_it_times_out_three_times_on_one_worker()
    {
        var slow = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("slow-1", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(1) });

        await TimeOutAsync(slow);
        (await DecisionAsync(task)).Chose(RetrySameWorker, "task_timeout.retry").WithoutGuards().Delaying(60).CarriedOut();
        await PassAsync(TimeSpan.FromSeconds(60));
        await TimeOutAsync(slow);
        (await DecisionAsync(task, number: 2)).Chose(RetrySameWorker, "task_timeout.retry").WithoutGuards().Delaying(120)
            .Knowing("same_worker_retries", "1").CarriedOut();
        await PassAsync(TimeSpan.FromSeconds(120));
        var other = await RegisterAsync("cpu-2");
        await TimeOutAsync(slow);

        (await DecisionAsync(task, number: 3)).Chose(CircuitBreaker, "task_timeout.breaker").WithoutGuards().Delaying(0)
            .Knowing("worker_consecutive_failures", "3").CarriedOut();
        var score = await slow.ScoreAsync();
        Assert.Equal((3, BreakerState.Open), (score.ConsecutiveFailures, score.BreakerState));
        Assert.StartsWith("3 failures in a row", score.BreakerReason, StringComparison.Ordinal);
        Assert.Empty(await slow.LeaseAsync());
        Assert.Equal(task, (await other.LeaseOneAsync()).TaskId);
    }

    [Fact]
    public async Task Should_hold_the_breaker_open_until_an_operator_lifts_it_when_an_operator_opened_it()
    {
        var worker = await RegisterAsync("cpu-1");
        await SubmitAsync("page-1", "cpu_batch");

        await SetAsync(worker, BreakerAction.Open);
        await PassAsync(TimeSpan.FromMinutes(30));
        await CrashEverythingAsync();
        Assert.Empty(await worker.LeaseAsync());
        Assert.Equal((BreakerState.Open, true), await BreakerOfAsync(worker));
        await SetAsync(worker, BreakerAction.Reset);

        Assert.Single(await worker.LeaseAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Should_give_a_repeated_call_the_leases_that_it_was_granted_before_the_breaker_opened(bool crashes)
    {
        var worker = await RegisterAsync("cpu-1", slots: 2);
        await SubmitManyAsync(4, "page", "cpu_batch");
        var lost = await worker.LeaseWithoutHearingAsync(request: "call-1");

        await SetAsync(worker, BreakerAction.Open);
        if (crashes)
        {
            await CrashEverythingAsync();
        }

        Assert.Equal(lost, await worker.LeaseAsync(request: "call-1"));
        await worker.CompleteAsync(lost[0]);
        Assert.Empty(await worker.LeaseAsync(request: "call-2"));
    }

    private static async Task FailFiveTasksAsync(ScenarioWorker worker)
    {
        foreach (var lease in await worker.LeaseAsync(5))
        {
            await worker.FailAsync(lease, ProcessingError, "a broken codec");
        }
    }

    private static async Task<(BreakerState State, bool Active)> BreakerOfAsync(ScenarioWorker worker)
    {
        var score = await worker.ScoreAsync();
        return (score.BreakerState, score.CircuitBreakerActive);
    }

    private async Task TimeOutAsync(ScenarioWorker worker)
    {
        var lease = await worker.LeaseOneAsync();
        await PassUntilAsync(lease.Deadline);
        worker.Forget(lease);
    }

    private Task<WorkerReliabilityScore> SetAsync(ScenarioWorker worker, BreakerAction action) => Owners.AskAsync<WorkerReliabilityScore>(
        Owners.Workers, new SetBreaker { WorkerId = worker.Id, Action = action, Reason = "its fan is replaced" });
}
