using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;
using Xunit.Abstractions;
using static Morag.Failover.Contracts.Failover.FailoverStrategy;
using static Morag.Failover.Contracts.Failover.FailureType;

namespace Morag.Failover.Actors.Tests.Scenarios;

/// <summary>Leases as workers get, lose and finish them.</summary>
public sealed class LeaseSpecs(ITestOutputHelper output) : ScenarioSpec(output)
{
    [Fact]
    public async Task Should_give_no_leases_to_a_worker_that_says_error_and_leave_it_what_it_holds()
    {
        var worker = await RegisterAsync("cpu-1", slots: 2);
        await SubmitManyAsync(2, "report", "cpu_standard");
        var held = await worker.LeaseOneAsync();

        await worker.BeatAsync(WorkerStatus.Error);

        Assert.Empty(await worker.LeaseAsync());
        Assert.Equal(WorkerStatus.Error, (await worker.InfoAsync()).Status);
        await worker.CompleteAsync(held);
        await worker.BeatAsync();
        await worker.LeaseOneAsync();
    }

    [Fact]
    public async Task Should_lease_the_next_task_at_once_when_the_only_place_is_free_again()
    {
        var worker = await RegisterAsync("cpu-1", slots: 1);
        var tasks = await SubmitManyAsync(5, "page", "cpu_batch");

        foreach (var task in tasks)
        {
            var lease = await worker.LeaseOneAsync();
            Assert.Equal(task, lease.TaskId);
            Assert.Empty(await worker.LeaseAsync());
            await worker.CompleteAsync(lease);
        }
    }

    [Fact]
    public async Task Should_give_the_same_leases_again_when_the_reply_was_lost_and_the_call_is_repeated()
    {
        var worker = await RegisterAsync("cpu-1", slots: 2);
        await SubmitManyAsync(3, "page", "cpu_batch");

        var lost = await worker.LeaseWithoutHearingAsync(request: "call-1");
        var again = await worker.LeaseAsync(request: "call-1");
        Assert.Equal(2, again.Count);
        Assert.Equal(lost, again);

        // Also when the node has forgotten the call, and as late as the second heartbeat.
        await CrashEverythingAsync();
        await PassAsync(TimeSpan.FromSeconds(25));
        var late = await worker.LeaseAsync(request: "call-1");
        Assert.Equal(
            again.Select(lease => (lease.TaskId, lease.Epoch, 1)),
            late.Select(lease => (lease.TaskId, lease.Epoch, lease.Attempt)));
        foreach (var lease in late)
        {
            await worker.CompleteAsync(lease);
        }
    }

    [Fact]
    public async Task Should_give_all_the_same_leases_again_when_the_repeated_call_asks_for_fewer()
    {
        var worker = await RegisterAsync("cpu-1", slots: 5);
        await SubmitManyAsync(4, "page", "cpu_batch");
        var lost = await worker.LeaseWithoutHearingAsync(3, request: "call-1");
        Assert.Equal(3, lost.Count);

        Assert.Equal(lost, await worker.LeaseAsync(1, request: "call-1"));
        Assert.Single(await worker.LeaseAsync(1, request: "call-2"));
    }

    [Fact]
    public async Task Should_give_a_lease_back_without_blame_when_two_heartbeats_do_not_list_it()
    {
        var worker = await RegisterAsync("cpu-1", slots: 2);
        var held = await SubmitAsync("held", "cpu_batch");
        Assert.Equal(held, (await worker.LeaseOneAsync()).TaskId);
        var lost = await SubmitAsync("lost", "cpu_batch");
        Assert.Single(await worker.LeaseWithoutHearingAsync());

        await worker.BeatAsync();
        await worker.BeatAsync();
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(TaskState.Leased, (await TaskAsync(lost)).State);
        await PassAsync(TimeSpan.FromSeconds(30));

        var task = await TaskAsync(lost);
        Assert.Equal((TaskState.Queued, 0), (task.State, task.RetryCount));
        Assert.Equal("the lease never reached the worker", task.History[^1].Detail);
        Assert.Equal(TaskState.Leased, (await TaskAsync(held)).State);
        Assert.Empty((await ExplainAsync(lost)).Decisions);
        Assert.Equal(0, (await worker.ScoreAsync()).TotalTasks);
        Assert.Equal(lost, (await worker.LeaseOneAsync()).TaskId);
    }

    [Fact]
    public async Task Should_answer_heartbeats_with_the_new_deadline_when_a_lease_was_extended()
    {
        var worker = await RegisterAsync("cpu-1");
        await SubmitAsync("long", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(1) });
        var lease = await worker.LeaseOneAsync();
        await PassAsync(TimeSpan.FromSeconds(30));

        var extended = await worker.ExtendAsync(lease, TimeSpan.FromMinutes(10));

        Assert.Equal(lease.Deadline.AddMinutes(10), extended);
        Assert.Equal(extended, Assert.Single((await worker.BeatAsync()).Leases).Deadline);
        await PassAsync(TimeSpan.FromSeconds(40));
        Assert.Equal(extended, Assert.Single((await worker.BeatAsync()).Leases).Deadline);
        await Owners.CrashAsync(worker.Id);
        Assert.Equal(extended, Assert.Single((await worker.BeatAsync()).Leases).Deadline);
        await worker.CompleteAsync(lease);
    }

    [Fact]
    public async Task Should_answer_heartbeats_with_the_new_deadline_when_the_worker_s_entity_was_down_while_the_lease_was_extended()
    {
        var worker = await RegisterAsync("cpu-1");
        await SubmitAsync("long", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(10) });
        var lease = await worker.LeaseOneAsync();
        await Owners.GoDownAsync(Owners.Workers);
        var extended = await worker.ExtendAsync(lease, TimeSpan.FromMinutes(10));
        await Owners.ComeBackAsync();

        await worker.BeatAsync();
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(extended, Assert.Single((await worker.BeatAsync()).Leases).Deadline);
    }

    [Fact]
    public async Task Should_keep_a_lease_that_the_worker_lists_before_the_queue_has_taken_it_back()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("page", "cpu_batch");
        var lease = await worker.LeaseOneAsync();
        await Owners.GoDownAsync(Owners.Queues);
        worker.Forget(lease);
        await PassAsync(TimeSpan.FromSeconds(40));

        worker.Remember(lease);
        await worker.BeatAsync();
        await Owners.ComeBackAsync();
        await PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal((TaskState.Leased, lease.Epoch), ((await TaskAsync(task)).State, (await TaskAsync(task)).Epoch));
        await worker.CompleteAsync(lease);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Should_give_a_lease_back_without_blame_when_its_grant_was_lost_on_the_way_to_the_workers_entity(bool beats)
    {
        var worker = await RegisterAsync("cpu-1", slots: 2, with: each => each with { HeartbeatIntervalSeconds = beats ? 10 : null });
        if (!beats)
        {
            worker.FallsSilent();
        }

        var held = await SubmitAsync("held", "cpu_batch");
        Assert.Equal(held, (await worker.LeaseOneAsync()).TaskId);
        var lost = await SubmitAsync("lost", "cpu_batch");
        await GrantAndLoseAsync(worker);
        Assert.Equal(TaskState.Leased, (await TaskAsync(lost)).State);

        await PassAsync(TimeSpan.FromMinutes(1));

        var task = await TaskAsync(lost);
        Assert.Equal((TaskState.Queued, 0), (task.State, task.RetryCount));
        Assert.Equal("the lease never reached the worker", task.History[^1].Detail);
        Assert.Equal(TaskState.Leased, (await TaskAsync(held)).State);
        Assert.Empty((await ExplainAsync(lost)).Decisions);
        Assert.Equal(lost, (await worker.LeaseOneAsync()).TaskId);
    }

    [Fact]
    public async Task Should_give_a_lease_back_when_its_grant_was_lost_with_the_node_of_the_queue()
    {
        var worker = await RegisterAsync("cpu-1");
        var lost = await SubmitAsync("lost", "cpu_batch");
        await GrantAndLoseAsync(worker);

        await Owners.CrashAsync(Owners.Queues);
        await worker.BeatAsync();
        await PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(TaskState.Queued, (await TaskAsync(lost)).State);
    }

    [Fact]
    public async Task Should_accept_a_late_completion_when_no_newer_lease_was_granted()
    {
        var slow = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("long", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(1) });
        var lease = await slow.LeaseOneAsync();
        await PassAsync(TimeSpan.FromSeconds(90));
        Assert.Equal(TaskState.Delayed, (await TaskAsync(task)).State);

        await slow.CompleteAsync(lease);

        var finished = await TaskAsync(task);
        Assert.Equal((TaskState.Succeeded, """{"by":"cpu-1"}"""), (finished.State, finished.Result.Raw));
        await PassAsync(TimeSpan.FromMinutes(5));
        Assert.Empty(await slow.LeaseAsync());
        (await DecisionAsync(task)).Chose(RetrySameWorker, "task_timeout.retry").WithoutGuards().CarriedOut();
        var score = await slow.ScoreAsync();
        Assert.Equal((1, 2, 0), (score.FailureCount, score.TotalTasks, score.ConsecutiveFailures));
    }

    [Fact]
    public async Task Should_supersede_the_decision_when_a_late_completion_comes_while_it_is_being_made()
    {
        var slow = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("long", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(1) });
        var lease = await slow.LeaseOneAsync();
        slow.FallsSilent();
        await Owners.GoDownAsync(Owners.Workers);
        await PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(TaskState.Deciding, (await TaskAsync(task)).State);

        await slow.CompleteAsync(lease);
        await Owners.ComeBackAsync();
        await PassAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(TaskState.Succeeded, (await TaskAsync(task)).State);
        var decision = (await DecisionAsync(task)).Chose(RetrySameWorker, "task_timeout.retry").WithoutGuards();
        Assert.Equal(
            (DecisionOutcome.Superseded, "task long has succeeded"),
            (decision.DecisionMetadata.Outcome, decision.DecisionMetadata.OutcomeDetail));
        Assert.False(decision.FailureEvent.Resolved);
    }

    [Fact]
    public async Task Should_refuse_a_late_completion_with_an_old_epoch_when_a_newer_lease_was_granted()
    {
        var slow = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("long", "cpu_standard", each => each with { Timeout = TimeSpan.FromMinutes(1) });
        var old = await slow.LeaseOneAsync();
        var other = await RegisterAsync("cpu-2");
        await slow.FailAsync(old, ProcessingError, "gave up, or so it thought");
        var present = await other.LeaseOneAsync();

        var late = await slow.TryToCompleteAsync(old);

        Assert.Equal(RefusalReason.Conflict, late.Refused?.Reason);
        Assert.Contains("leased to cpu-2", late.Refused?.Message, StringComparison.Ordinal);
        var running = await TaskAsync(task);
        Assert.Equal((TaskState.Leased, present.Epoch), (running.State, running.Epoch));
        Assert.Equal(
            ("late_result", slow.Id, old.Epoch),
            (running.History[^1].What, running.History[^1].WorkerId!.Value, running.History[^1].Epoch!.Value));
        await other.CompleteAsync(present);
        await PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("""{"by":"cpu-2"}""", (await TaskAsync(task)).Result.Raw);
        (await DecisionAsync(task)).Chose(ReassignSameQueue, "processing_error").CarriedOut();
        Assert.Equal((1, 1), ((await slow.ScoreAsync()).TotalTasks, (await other.ScoreAsync()).TotalTasks));
    }

    [Fact]
    public async Task Should_keep_a_delays_end_when_everything_restarts_meanwhile()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("call-1", "cpu_standard");
        await worker.FailAsync(await worker.LeaseOneAsync(), NetworkFailure);
        var due = Clock.Now.AddSeconds(30);

        await PassAsync(TimeSpan.FromSeconds(10));
        await CrashEverythingAsync();
        Assert.Equal(due, (await TaskAsync(task)).NotBefore);
        await PassAsync(TimeSpan.FromSeconds(19));
        Assert.Empty(await worker.LeaseAsync());
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(task, (await worker.LeaseOneAsync()).TaskId);
        (await DecisionAsync(task)).Chose(RetrySameWorker, "network_failure").Delaying(30).CarriedOut();
    }

    [Fact]
    public async Task Should_lease_a_delayed_task_at_once_when_its_delay_ends_while_everything_is_down()
    {
        var worker = await RegisterAsync("cpu-1");
        var task = await SubmitAsync("call-1", "cpu_standard");
        await worker.FailAsync(await worker.LeaseOneAsync(), NetworkFailure);

        await Owners.GoDownAsync();
        Clock.Advance(TimeSpan.FromMinutes(10));
        await Owners.ComeBackAsync();
        await PassAsync(TimeSpan.FromSeconds(1));

        Assert.Equal(task, (await worker.LeaseOneAsync()).TaskId);
    }

    /// <summary>The queue grants a lease to a worker, and nobody gets the answer.</summary>
    private async Task GrantAndLoseAsync(ScenarioWorker worker)
    {
        Owners.Queues.Tell(
            new GrantLeases
            {
                Partition = 0,
                WorkerId = worker.Id,
                InstanceId = worker.Registration.InstanceId,
                Profile = Eligibility.ProfileOf(worker.Registration),
                MaxTasks = 1,
                MaxHeld = worker.Registration.MaxConcurrentTasks,
                Queues = [new() { Queue = new("cpu_batch"), Cap = 8 }],
            },
            ActorRefs.NoSender);
        await Owners.SettleAsync();
    }
}
