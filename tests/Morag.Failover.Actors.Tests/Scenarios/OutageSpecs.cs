using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>Our own failures never count as the workers'.</summary>
public sealed class OutageSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_give_a_full_timeout_anew_and_blame_nobody_when_the_node_is_down_for_longer_than_a_lease()
    {
        var worker = await RegisterAsync("cpu-1");
        var (task, lease) = await LeaseTenMinutesAsync(worker);
        await PassAsync(TimeSpan.FromMinutes(9));

        await Owners.GoDownAsync();
        Clock.Advance(TimeSpan.FromMinutes(30));
        await Owners.ComeBackAsync();
        var back = Clock.Now;
        await PassAsync(TimeSpan.FromSeconds(1));

        var running = await TaskAsync(task);
        Assert.Equal((TaskState.Leased, lease.Epoch, back.AddMinutes(10)), (running.State, running.Epoch, running.Deadline!.Value));
        Assert.Equal(Liveness.Alive, (await worker.InfoAsync()).Liveness);
        await PassAsync(TimeSpan.FromMinutes(9));
        Assert.Empty((await ExplainAsync(task)).Decisions);
        await worker.CompleteAsync(lease);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((0, 1), ((await worker.ScoreAsync()).FailureCount, (await worker.ScoreAsync()).TotalTasks));
    }

    [Fact]
    public async Task Should_find_a_worker_missing_and_blame_nobody_when_it_died_while_the_node_was_down()
    {
        var worker = await RegisterAsync("cpu-1");
        var (task, _) = await LeaseTenMinutesAsync(worker);

        await Owners.GoDownAsync();
        worker.FallsSilent();
        Clock.Advance(TimeSpan.FromMinutes(30));
        await Owners.ComeBackAsync();
        await PassAsync(TimeSpan.FromMinutes(4));

        var decision = (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").WithoutGuards().CarriedOut();
        Assert.Contains("no sign of life", decision.FailureEvent.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal((Liveness.Offline, 0), ((await worker.InfoAsync()).Liveness, (await worker.ScoreAsync()).FailureCount));
    }

    [Fact]
    public async Task Should_blame_nobody_when_the_node_was_frozen_for_longer_than_a_lease()
    {
        var worker = await RegisterAsync("cpu-1");
        var (task, lease) = await LeaseTenMinutesAsync(worker);
        await PassAsync(TimeSpan.FromMinutes(5));

        Outages.EndedAt = Clock.Now.AddHours(1);
        Clock.Advance(TimeSpan.FromHours(1));
        await PassAsync(TimeSpan.FromMinutes(9));

        Assert.Equal((TaskState.Leased, Liveness.Alive), ((await TaskAsync(task)).State, (await worker.InfoAsync()).Liveness));
        Assert.Empty((await ExplainAsync(task)).Decisions);
        await worker.CompleteAsync(lease);
        Assert.Equal(0, (await worker.ScoreAsync()).FailureCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_tell_the_worker_its_new_deadline_when_the_queue_was_down_or_the_node_was_frozen(bool frozen)
    {
        var worker = await RegisterAsync("cpu-1");
        var (task, lease) = await LeaseTenMinutesAsync(worker);
        await PassAsync(TimeSpan.FromMinutes(5));

        if (frozen)
        {
            Outages.EndedAt = Clock.Now.AddHours(1);
            Clock.Advance(TimeSpan.FromHours(1));
        }
        else
        {
            await Owners.CrashAsync(Owners.Queues);
        }

        await PassAsync(TimeSpan.FromSeconds(1));
        var deadline = (await TaskAsync(task)).Deadline;
        Assert.True(deadline > lease.Deadline);
        Assert.Equal(deadline, Assert.Single((await worker.BeatAsync()).Leases).Deadline);
    }

    [Theory]
    [InlineData(nameof(IFailoverRegions.Queues))]
    [InlineData(nameof(IFailoverRegions.Coordinators))]
    [InlineData(nameof(IFailoverRegions.Workers))]
    [InlineData(nameof(IFailoverRegions.Directory))]
    public async Task Should_end_the_same_when_owners_of_one_kind_crash_after_every_step(string owners)
    {
        var lost = await AfterCrashAsync(RegisterAsync("cpu-1", slots: 2));
        var tasks = await AfterCrashAsync(SubmitManyAsync(2, "page", "cpu_standard"));
        var leases = await AfterCrashAsync(lost.LeaseAsync());
        await AfterCrashAsync(lost.FailAsync(leases[0], NetworkFailure));
        await PassAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(tasks[0], (await AfterCrashAsync(lost.LeaseOneAsync())).TaskId);
        var other = await AfterCrashAsync(RegisterAsync("cpu-2", slots: 2));
        lost.FallsSilent();
        await PassAsync(TimeSpan.FromSeconds(10));
        await AfterCrashAsync(lost.InfoAsync());
        await PassAsync(TimeSpan.FromMinutes(4));
        Assert.Equal(Liveness.Offline, (await AfterCrashAsync(lost.InfoAsync())).Liveness);
        leases = await AfterCrashAsync(other.LeaseAsync());
        foreach (var lease in leases)
        {
            await other.CompleteAsync(lease);
            await AfterCrashAsync(other.BeatAsync());
        }

        await PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(
            [RetrySameWorker, ReassignSameQueue, ReassignSameQueue],
            (await ExplainAsync(tasks[0])).Decisions.Concat((await ExplainAsync(tasks[1])).Decisions)
                .Select(decision => decision.CarriedOut().SelectedAction.Strategy));

        // An entity that has restarted has not observed the silence, so the loss counts against nobody.
        var failures = owners == nameof(IFailoverRegions.Workers) ? 1 : 2;
        Assert.Equal((failures, failures), ((await lost.ScoreAsync()).FailureCount, (await lost.ScoreAsync()).TotalTasks));
        Assert.Equal((0, 2), ((await other.ScoreAsync()).FailureCount, (await other.ScoreAsync()).TotalTasks));
        Assert.Equal((2, 0), ((await QueueAsync("cpu_standard")).CompletedTasks, (await QueueAsync("cpu_standard")).PendingTasks));

        async Task<T> AfterCrashAsync<T>(Task<T> step)
        {
            var done = await step;
            await Owners.CrashAsync((IActorRef)typeof(IFailoverRegions).GetProperty(owners)!.GetValue(Owners)!);
            return done;
        }
    }

    private async Task<(TaskId Task, LeasedTask Lease)> LeaseTenMinutesAsync(ScenarioWorker worker)
    {
        var task = await SubmitAsync("page", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(10) });
        return (task, await worker.LeaseOneAsync());
    }
}
