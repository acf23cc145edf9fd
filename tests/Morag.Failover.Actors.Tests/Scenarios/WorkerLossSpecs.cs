using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Queues;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>A worker goes missing, with work in hand or without, and comes back or does not.</summary>
public sealed class WorkerLossSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_count_one_failure_and_decide_every_task_when_a_worker_is_lost_with_many_tasks()
    {
        var lost = await RegisterAsync("cpu-1", slots: 12);
        var other = await RegisterAsync("cpu-2", slots: 12);
        var tasks = (await SubmitManyAsync(4, "report", "cpu_standard")).Concat(await SubmitManyAsync(8, "archive", "cpu_batch")).ToList();
        Assert.Equal(12, (await lost.LeaseAsync()).Count);

        await PassAsync(TimeSpan.FromMinutes(1));
        lost.FallsSilent();
        await PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(Liveness.Offline, (await lost.InfoAsync()).Liveness);
        var score = await lost.ScoreAsync();
        Assert.Equal((1, 1, BreakerState.Closed), (score.FailureCount, score.ConsecutiveFailures, score.BreakerState));
        Assert.Equal(12, (await other.LeaseAsync()).Count);
        var losses = new HashSet<string>();
        foreach (var task in tasks)
        {
            var decision = (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").WithoutGuards().Delaying(0).CarriedOut();
            Assert.Equal(WorkerOffline, decision.FailureEvent.FailureType);
            losses.Add(decision.DecisionMetadata.Facts["loss_id"]);
            Assert.Equal(other.Id, (await TaskAsync(task)).WorkerId);
        }

        Assert.Single(losses);
    }

    [Fact]
    public async Task Should_list_a_lost_worker_without_its_tasks_once_they_have_moved_on()
    {
        var lost = await RegisterAsync("cpu-1");
        var other = await RegisterAsync("cpu-2");
        var task = await SubmitAsync("page", "cpu_standard");
        await lost.LeaseOneAsync();
        await PassAsync(TimeSpan.FromSeconds(20));
        var heard = await ListedAsync(lost);
        Assert.Equal(1, heard.HeldLeases);

        lost.FallsSilent();
        await PassAsync(TimeSpan.FromMinutes(1));
        await other.LeaseOneAsync();

        Assert.Equal(other.Id, (await TaskAsync(task)).WorkerId);
        var listed = await ListedAsync(lost);
        Assert.Equal((0, Liveness.Offline), (listed.HeldLeases, listed.Liveness));
        Assert.Equal(heard.LastHeartbeat, listed.LastHeartbeat);
    }

    [Fact]
    public async Task Should_list_what_a_worker_holds_that_completes_its_task_and_does_not_beat()
    {
        var worker = await RegisterAsync("cpu-1", with: each => each with { HeartbeatIntervalSeconds = null });
        worker.FallsSilent();
        await SubmitAsync("page", "cpu_standard");
        var lease = await worker.LeaseOneAsync();
        await PassAsync(Defaults.Workers.SeenInterval);
        Assert.Equal(1, (await ListedAsync(worker)).HeldLeases);

        await worker.CompleteAsync(lease);
        await PassAsync(Defaults.Workers.SeenInterval);
        Assert.Equal(0, (await ListedAsync(worker)).HeldLeases);
    }

    [Fact]
    public async Task Should_leave_the_score_as_it_is_when_a_worker_is_lost_idle_or_draining()
    {
        var idle = await RegisterAsync("cpu-1");
        var draining = await RegisterAsync("cpu-2");
        var task = await SubmitAsync("page", "cpu_standard");
        await draining.LeaseOneAsync();
        await Owners.AskAsync<Done>(Owners.Workers, new DrainWorker { WorkerId = draining.Id, Reason = "a new disk" });

        idle.FallsSilent();
        draining.FallsSilent();
        await PassAsync(TimeSpan.FromMinutes(4));

        (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").Knowing("planned", "true").CarriedOut();
        Assert.Equal((0, 0), ((await draining.ScoreAsync()).TotalTasks, (await TaskAsync(task)).RetryCount));
        Assert.Equal(0, (await idle.ScoreAsync()).TotalTasks);
    }

    [Fact]
    public async Task Should_end_the_old_leases_at_once_when_a_gpu_box_lost_power_and_is_back_before_it_was_missed()
    {
        var box = await RegisterAsync("gpu-1", WorkerCapability.Gpu, slots: 2);
        var tasks = await SubmitManyAsync(2, "video", "gpu_priority");
        var old = await box.LeaseAsync();
        await PassAsync(TimeSpan.FromHours(1));

        var before = box.Registration;
        box.FallsSilent();
        await PassAsync(TimeSpan.FromSeconds(8));
        Assert.Equal(Liveness.Alive, (await box.InfoAsync()).Liveness);
        await box.StartAsync();

        foreach (var task in tasks)
        {
            var decision = (await DecisionAsync(task)).Chose(ReassignSameQueue, "worker_offline").WithoutGuards().CarriedOut();
            Assert.Contains("the worker restarted", decision.FailureEvent.ErrorMessage, StringComparison.Ordinal);
        }

        var score = await box.ScoreAsync();
        Assert.Equal((1, 1), (score.FailureCount, score.ConsecutiveFailures));
        var refused = await Owners.AskAsync<Refused>(Owners.Workers, new Heartbeat { WorkerId = box.Id, InstanceId = before.InstanceId });
        Assert.Equal(RefusalReason.Conflict, refused.Reason);
        var again = await box.LeaseAsync();
        Assert.Equal(
            tasks,
            again.Select(lease => lease.TaskId).Order(Comparer<TaskId>.Create((a, b) => string.CompareOrdinal(a.Value, b.Value))));
        Assert.True(again.Min(lease => lease.Epoch.Value) > old.Max(lease => lease.Epoch.Value));
        foreach (var lease in again)
        {
            await box.CompleteAsync(lease);
        }
    }

    [Fact]
    public async Task Should_not_throw_a_long_task_away_when_the_wifi_of_its_worker_is_gone_for_a_while()
    {
        var laptop = await RegisterAsync("gpu-1", WorkerCapability.Gpu, slots: 2);
        var other = await RegisterAsync("gpu-2", WorkerCapability.Gpu, slots: 2);
        var transcription = await SubmitAsync("two-hours", "gpu_fallback");
        var lease = await laptop.LeaseOneAsync();

        for (var blip = 0; blip < 3; blip++)
        {
            await PassAsync(TimeSpan.FromMinutes(40));
            laptop.FallsSilent();
            await PassAsync(TimeSpan.FromSeconds(100));
            Assert.Equal(Liveness.Offline, (await laptop.InfoAsync()).Liveness);
            Assert.Empty(await other.LeaseAsync());
            laptop.KeepsBeating();
            await laptop.BeatAsync();
            Assert.Equal(Liveness.Alive, (await laptop.InfoAsync()).Liveness);
        }

        await laptop.CompleteAsync(lease);
        Assert.Equal((TaskState.Succeeded, 1), ((await TaskAsync(transcription)).State, (await TaskAsync(transcription)).Attempt));
        Assert.Empty((await ExplainAsync(transcription)).Decisions);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal((0, 1), ((await laptop.ScoreAsync()).FailureCount, (await laptop.ScoreAsync()).TotalTasks));
    }

    [Fact]
    public async Task Should_move_a_short_task_at_once_and_a_long_one_later_when_their_worker_stays_away()
    {
        var laptop = await RegisterAsync("gpu-1", WorkerCapability.Gpu, slots: 2);
        var other = await RegisterAsync("gpu-2", WorkerCapability.Gpu, slots: 2);
        var longOne = await SubmitAsync("long", "gpu_fallback");
        await laptop.LeaseOneAsync();
        await PassAsync(TimeSpan.FromHours(1));
        var shortOne = await SubmitAsync("short", "gpu_fallback");
        await laptop.LeaseOneAsync();

        laptop.FallsSilent();
        await PassAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(shortOne, (await other.LeaseOneAsync()).TaskId);
        await PassAsync(TimeSpan.FromSeconds(105));
        Assert.Equal(TaskState.Leased, (await TaskAsync(longOne)).State);
        await PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(longOne, (await other.LeaseOneAsync()).TaskId);
        var losses = new[] { await DecisionAsync(shortOne), await DecisionAsync(longOne) };
        Assert.All(losses, loss => loss.Chose(ReassignSameQueue, "worker_offline").WithoutGuards().CarriedOut());
        Assert.Equal(losses[0].DecisionMetadata.Facts["loss_id"], losses[1].DecisionMetadata.Facts["loss_id"]);
        Assert.Equal(1, (await laptop.ScoreAsync()).FailureCount);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public async Task Should_show_the_skew_and_decide_nothing_by_it_when_a_workers_clock_is_an_hour_off(int hours)
    {
        var worker = await RegisterAsync("cpu-1");
        worker.ClockAhead = TimeSpan.FromHours(hours);
        var task = await SubmitAsync("page", "cpu_standard");
        var lease = await worker.LeaseOneAsync();
        Assert.Equal((Clock.Now.AddHours(1), 3600), (lease.Deadline, lease.RemainingSeconds));

        await PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal(
            (Liveness.Alive, hours * 3600),
            ((await worker.InfoAsync()).Liveness, (await worker.InfoAsync()).ClockSkewSeconds!.Value));
        Assert.Equal(TaskState.Leased, (await TaskAsync(task)).State);

        var decision = (await worker.FailAsync(lease, ProcessingError)).Chose(ReassignSameQueue, "processing_error").WithoutGuards();
        Assert.Equal((Clock.Now, Clock.Now), (decision.FailureEvent.OccurredAt, decision.DecisionMetadata.DecidedAt));
        worker.FallsSilent();
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(Liveness.Offline, (await worker.InfoAsync()).Liveness);
    }

    [Fact]
    public async Task Should_be_missed_soon_when_a_worker_and_its_entity_are_lost_together()
    {
        var lost = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("report", "cpu_standard");
        await lost.LeaseOneAsync();
        await PassAsync(TimeSpan.FromMinutes(1));

        lost.FallsSilent();
        await Owners.CrashAsync(Owners.Workers);
        await PassAsync(TimeSpan.FromSeconds(45));

        Assert.Equal(Liveness.Offline, (await lost.InfoAsync()).Liveness);
        (await DecisionAsync(task)).Chose(FailoverStrategy.ReassignSameQueue, "worker_offline");
    }

    private async Task<WorkerInfo> ListedAsync(ScenarioWorker worker)
    {
        var bucket = Partition.Of(worker.Id, Defaults.Partitions.DirectoryBuckets);
        var page = await Owners.AskAsync<WorkerPage>(Owners.Directory, new ListWorkers { Bucket = bucket, Limit = 100 });
        return page.Workers.Single(each => each.Registration.WorkerId == worker.Id);
    }
}
