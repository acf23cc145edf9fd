using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>The machine's clock is set by an hour while everything is down: no duration becomes longer than it was meant to be.</summary>
public sealed class ClockSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Should_retry_within_its_delay_when_the_clock_was_set_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.FailAsync(await worker.LeaseOneAsync(), NetworkFailure);
        Assert.Equal(TaskState.Delayed, (await TaskAsync(task)).State);

        await RestartOnAnotherClockAsync(-Hour);
        Assert.Equal(Clock.Now.AddSeconds(30), (await TaskAsync(task)).NotBefore);
        await PassAsync(TimeSpan.FromSeconds(31));

        Assert.Equal(task, (await worker.LeaseOneAsync()).TaskId);
    }

    [Fact]
    public async Task Should_let_a_pin_lapse_in_its_time_when_the_clock_was_set_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.FailAsync(await worker.LeaseOneAsync(), NetworkFailure);
        await PassAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(TaskState.Queued, (await TaskAsync(task)).State);
        var other = await RegisterAsync("cpu-2");

        await RestartOnAnotherClockAsync(-Hour);
        Assert.Empty(await other.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(61));

        Assert.Equal(task, (await other.LeaseOneAsync()).TaskId);
    }

    [Fact]
    public async Task Should_end_a_lease_in_its_full_time_when_the_clock_was_set_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(10) });
        var lease = await worker.LeaseOneAsync();
        await Owners.AskAsync<LeaseResults>(
            Owners.Queues,
            new ExtendLease { TaskId = task, WorkerId = worker.Id, Epoch = lease.Epoch, By = TimeSpan.FromMinutes(5) });

        await RestartOnAnotherClockAsync(-Hour, worker);
        var deadline = (await TaskAsync(task)).Deadline!.Value;
        Assert.Equal(Clock.Now.AddMinutes(15), deadline);
        await PassUntilAsync(deadline);

        Assert.Equal(TaskTimeout, (await DecisionAsync(task)).FailureEvent.FailureType);
    }

    [Fact]
    public async Task Should_find_a_dead_worker_within_the_timeout_when_the_clock_was_set_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.LeaseOneAsync();
        worker.FallsSilent();

        await RestartOnAnotherClockAsync(-Hour);
        await PassAsync(Defaults.Workers.Timeout + TimeSpan.FromSeconds(10));

        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
        Assert.Equal(WorkerOffline, (await DecisionAsync(task)).FailureEvent.FailureType);
    }

    [Fact]
    public async Task Should_open_the_breaker_half_in_its_time_when_the_clock_was_set_back()
    {
        var worker = await RegisterAsync("cpu-1", slots: 8);
        await SubmitManyAsync(8, "page", "cpu_batch");
        foreach (var lease in await worker.LeaseAsync(5))
        {
            await worker.FailAsync(lease, ProcessingError, "a broken codec");
        }

        await RestartOnAnotherClockAsync(-Hour, worker);
        Assert.Equal(Clock.Now.AddMinutes(5), (await worker.ScoreAsync()).CircuitBreakerUntil);
        await PassAsync(TimeSpan.FromMinutes(5) + Second);
        Assert.Equal(BreakerState.HalfOpen, (await worker.ScoreAsync()).BreakerState);
        var stuck = Assert.Single(await worker.LeaseAsync());

        await RestartOnAnotherClockAsync(-Hour, worker);
        await PassAsync(TimeSpan.FromMinutes(10) + Second);

        Assert.NotEqual(stuck.TaskId, Assert.Single(await worker.LeaseAsync()).TaskId);
    }

    [Fact]
    public async Task Should_take_back_what_a_drained_worker_holds_in_time_when_the_clock_was_set_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard");
        await worker.LeaseOneAsync();
        await Owners.AskAsync<Done>(
            Owners.Workers,
            new DrainWorker { WorkerId = worker.Id, Reason = "new kernel", Deadline = TimeSpan.FromMinutes(2) });

        await RestartOnAnotherClockAsync(-Hour);
        await PassAsync(TimeSpan.FromMinutes(2) + Second);

        Assert.Equal(TaskState.Queued, (await TaskAsync(task)).State);
    }

    [Fact]
    public async Task Should_move_unserved_tasks_in_time_when_the_clock_was_set_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "gpu_fallback");

        await RestartOnAnotherClockAsync(-Hour, worker);
        await PassAsync(Defaults.Queues.UnservedAfter + TimeSpan.FromMinutes(2));

        Assert.Equal(new QueueName("cpu_standard"), (await TaskAsync(task)).Queue);
    }

    [Fact]
    public async Task Should_blame_nobody_when_the_clock_was_set_forward()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(10) });
        var lease = await worker.LeaseOneAsync();

        await RestartOnAnotherClockAsync(Hour);
        await PassAsync(TimeSpan.FromMinutes(9));

        Assert.Empty((await ExplainAsync(task)).Decisions);
        await worker.CompleteAsync(lease);
        Assert.Equal((Liveness.Alive, 0), ((await worker.InfoAsync()).Liveness, (await worker.ScoreAsync()).FailureCount));
    }

    /// <param name="by">How far the clock is set.</param>
    /// <param name="living">The workers that go on beating, on their own clocks.</param>
    private async Task RestartOnAnotherClockAsync(TimeSpan by, params ScenarioWorker[] living)
    {
        await Owners.GoDownAsync();
        Clock.Advance(by);
        await Owners.ComeBackAsync();
        Array.ForEach(living, worker => worker.KeepsBeating());
    }
}
