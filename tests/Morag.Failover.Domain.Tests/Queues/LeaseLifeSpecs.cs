using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class LeaseLifeSpecs
{
    private readonly QueueUnderTest queue = new();

    private LeaseEpoch Leased(string task = "a", string worker = "w", string? instance = null)
    {
        queue.Submit(task);
        return queue.Lease(worker, instance: instance)[0].Epoch;
    }

    [Fact]
    public void Should_accept_a_repeated_completion_without_another_event()
    {
        var epoch = Leased();
        Assert.Null(queue.Complete("w", "a", epoch).Refused);
        var events = queue.Events.Count;

        Assert.Null(queue.Complete("w", "a", epoch).Refused);
        Assert.Equal(events, queue.Events.Count);
    }

    [Fact]
    public void Should_accept_a_completion_and_supersede_the_decision_when_the_task_is_deciding()
    {
        var epoch = Leased();
        queue.Fail("a", "w", epoch);
        Assert.Null(queue.Complete("w", "a", epoch).Refused);

        var outcome = queue.Reassign(QueueUnderTest.Reassignment("a", epoch, FailoverStrategy.ReassignSameQueue));
        Assert.False(outcome.Applied);
        Assert.Equal(TaskState.Succeeded, queue["a"].State);
    }

    [Theory]
    [InlineData(FailoverStrategy.ReassignSameQueue, 0)]
    [InlineData(FailoverStrategy.ReassignSameQueue, 30)]
    [InlineData(FailoverStrategy.RetrySameWorker, 30)]
    [InlineData(FailoverStrategy.ManualIntervention, 0)]
    public void Should_accept_a_late_completion_while_no_newer_lease_exists(FailoverStrategy strategy, int delay)
    {
        var epoch = Leased();
        queue.Fail("a", "w", epoch);
        queue.Reassign("a", strategy, command => command with { Delay = TimeSpan.FromSeconds(delay) });

        Assert.Null(queue.Complete("w", "a", epoch).Refused);
        Assert.Equal(TaskState.Succeeded, queue["a"].State);
        Assert.Empty(queue.State.Due);
        Assert.Equal(0, queue.State.Ready.Count);
    }

    [Fact]
    public void Should_reject_a_late_completion_and_record_it_once_when_a_newer_lease_exists()
    {
        var epoch = Leased();
        queue.Fail("a", "w", epoch);
        queue.Reassign("a");
        queue.Lease("w2");
        var late = queue.Complete("w", "a", epoch);
        var events = queue.Events.Count;
        queue.Complete("w", "a", epoch);

        Assert.Equal(RefusalReason.Conflict, late.Refused!.Reason);
        Assert.Equal("late_result", queue["a"].History[^1].What);
        Assert.Equal(events, queue.Events.Count);
        Assert.Equal(TaskState.Leased, queue["a"].State);
    }

    [Fact]
    public void Should_reject_a_completion_when_the_worker_is_another_or_the_task_is_cancelled()
    {
        var epoch = Leased();
        Assert.Equal(RefusalReason.Conflict, queue.Complete("other", "a", epoch).Refused!.Reason);
        queue.Do(OperatorCommands.Decide(queue.State, new CancelTask { TaskId = new("a") }, queue.Now));

        Assert.Equal(RefusalReason.Conflict, queue.Complete("w", "a", epoch).Refused!.Reason);
        Assert.Equal(RefusalReason.Unknown, queue.Complete("w", "none", epoch).Refused!.Reason);
        Assert.Equal(LeaseOutcomeKind.Returned, queue.BatchFor("w")!.Outcomes[0].Kind);
    }

    [Fact]
    public void Should_reject_a_result_and_keep_the_lease_when_it_is_not_json()
    {
        var completion = QueueUnderTest.Completion("w", "a", Leased());

        var refused = queue.Do(TaskCompletions.Decide(
            queue.State,
            completion with { Completions = [completion.Completions[0] with { Result = JsonText.Trusted("{ not json") }] },
            queue.Settings.Queues,
            queue.Now)).Results[0].Refused;

        Assert.Equal("result", refused!.Field);
        Assert.Equal(TaskState.Leased, queue["a"].State);
    }

    [Fact]
    public void Should_return_a_released_task_to_its_place_without_blame()
    {
        queue.Submit("a", "b");
        var epoch = queue.Lease("w")[0].Epoch;
        Assert.Null(queue.Release("w", "a", epoch).Refused);
        Assert.Null(queue.Release("w", "a", epoch).Refused);

        Assert.Equal("a", queue.Lease("w2")[0].TaskId.Value);
        Assert.Equal(TaskBudgets.Unused, queue["a"].Budgets);
        Assert.Equal(RefusalReason.Conflict, queue.Release("w", "a", epoch).Refused!.Reason);
        Assert.Equal(LeaseOutcomeKind.Returned, Assert.Single(queue.BatchFor("w")!.Outcomes).Kind);
    }

    [Fact]
    public void Should_extend_a_lease_only_within_the_limits_and_only_for_its_holder()
    {
        var epoch = Leased();
        Assert.Equal(queue["a"].Lease!.GrantedAt + TimeSpan.FromSeconds(3660), Extend("w", 60).Deadline);
        Assert.Equal("seconds", Extend("w", 0.5).Refused!.Field);
        Assert.Equal("seconds", Extend("w", 86401).Refused!.Field);
        Assert.Equal(RefusalReason.Conflict, Extend("other", 60).Refused!.Reason);

        LeaseResult Extend(string worker, double seconds) => queue.Do(LeaseCalls.Decide(
            queue.State,
            new ExtendLease { TaskId = new("a"), WorkerId = new(worker), Epoch = epoch, By = TimeSpan.FromSeconds(seconds) },
            queue.Now)).Results[0];
    }

    [Fact]
    public void Should_end_a_lease_with_a_task_timeout_when_it_passes_its_deadline()
    {
        Leased();
        queue.Pass(3599);
        queue.ApplyDue();
        Assert.Equal(TaskState.Leased, queue["a"].State);
        queue.Pass(1);
        queue.ApplyDue();

        Assert.Equal(FailureType.TaskTimeout, queue["a"].Pending!.FailureType);
        Assert.Equal(LeaseOutcomeKind.Failed, queue.BatchFor("w")!.Outcomes[0].Kind);
    }

    [Fact]
    public void Should_give_every_lease_its_full_time_again_after_an_outage_of_this_node()
    {
        Leased();
        queue.Pass(4000);
        queue.Apply(new LeaseClocksRestarted { At = queue.Now });
        queue.Pass(3599);
        queue.ApplyDue();

        Assert.Equal(TaskState.Leased, queue["a"].State);
    }

    [Fact]
    public void Should_end_a_lease_once_and_attach_later_reports_to_its_failure()
    {
        var epoch = Leased();
        var first = queue.Fail("a", "w", epoch, eventId: "e1");
        var events = queue.Events.Count;
        var joined = queue.Fail("a", null, null, FailureType.WorkerOffline, "e2", ReportSource.Observer);
        var again = queue.Fail("a", null, null, FailureType.NetworkFailure, "e1", ReportSource.Observer);
        queue.Reassign("a");
        var after = queue.Fail("a", "w", null, FailureType.NetworkFailure, source: ReportSource.Observer);
        queue.Lease("w2");
        var byName = queue.Fail("a", null, null, FailureType.NetworkFailure, "e2", ReportSource.Observer);
        var earlierWorker = queue.Fail("a", "w", null, FailureType.NetworkFailure, source: ReportSource.Observer);

        Assert.Equal((EndLeaseResult.Ended, 7L), (first.Ending, first.Number));
        Assert.Equal((EndLeaseResult.Ended, first.Failure!.FailureId), (joined.Ending, joined.Failure!.FailureId));
        Assert.Equal(FailureType.ProcessingError, joined.Failure.FailureType);
        Assert.Equal((EndLeaseResult.Ended, first.Failure.FailureId), (again.Ending, again.Failure!.FailureId));
        Assert.Equal(events + 3, queue.Events.Count);
        Assert.All([after, byName, earlierWorker], reply =>
        {
            Assert.Equal(EndLeaseResult.EndedBefore, reply.Ending);
            Assert.Equal(first.Failure.FailureId, reply.FailureId);
        });
        Assert.Equal(TaskState.Leased, queue["a"].State);
    }

    [Fact]
    public void Should_answer_stale_when_a_report_names_a_lease_that_does_not_hold_the_task()
    {
        var epoch = Leased(instance: "i2");
        Assert.Equal(EndLeaseResult.Stale, queue.Fail("a", "other", epoch).Ending);
        Assert.Equal(EndLeaseResult.Stale, queue.Fail("a", "w", new LeaseEpoch(99)).Ending);
        Assert.Equal(EndLeaseResult.Stale, queue.Fail("a", "w", epoch, instance: "i1").Ending);
        Assert.Equal(EndLeaseResult.NotHeld, queue.Fail("none", "w", epoch).Ending);
        Assert.Equal(TaskState.Leased, queue["a"].State);

        queue.Complete("w", "a", epoch);
        Assert.Equal(EndLeaseResult.Stale, queue.Fail("a", "w", epoch, instance: "i2").Ending);
    }

    [Fact]
    public void Should_derive_valid_failure_ids_even_for_the_longest_task_id()
    {
        var id = FailureIds.OfLease(new TaskId(new string('x', 128)), new LeaseEpoch(long.MaxValue));

        Assert.True(Identifier.IsValid(id.Value));
        Assert.Equal("a.5", FailureIds.OfLease(new TaskId("a"), new LeaseEpoch(5)).Value);
    }

    [Fact]
    public void Should_record_each_kind_of_late_call_once_per_lease_in_the_history()
    {
        queue.Submit("a", "b");
        var late = queue.Lease("w")[0].Epoch;
        var other = queue.Lease("w")[0];
        queue.Release("w", "a", late);
        queue.Lease("w2");

        for (var time = 0; time < 2; time++)
        {
            Assert.Equal(EndLeaseResult.Stale, queue.Fail("a", "w", late, FailureType.TaskTimeout).Ending);
            Assert.NotNull(Extend("a", "w", late).Refused);
            Assert.NotNull(Complete("a", "w", late).Refused);
        }

        // One call returns a held lease and one that has ended. One event stores both.
        var release = new ReleaseLeases
        {
            Partition = 0,
            WorkerId = new("w"),
            Leases = [new() { TaskId = new("a"), Epoch = late }, new() { TaskId = other.TaskId, Epoch = other.Epoch }],
            Reason = "stops",
        };
        var results = queue.Do(LeaseCalls.Decide(queue.State, release, queue.Now)).Results;
        Assert.Equal([true, false], results.Select(result => result.Refused is not null));

        var notes = queue["a"].History.Where(entry => entry.What.StartsWith("late_", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            [("late_failure", "task_timeout"), ("late_extension", null), ("late_result", null), ("late_release", "stops")],
            notes.Select(entry => (entry.What, entry.Detail)));
        Assert.All(notes, entry => Assert.Equal((new WorkerId("w"), late), (entry.WorkerId!.Value, entry.Epoch!.Value)));
        Assert.Equal(TaskState.Queued, queue["b"].State);
    }

    private LeaseResult Extend(string task, string worker, LeaseEpoch epoch) => queue.Do(LeaseCalls.Decide(
        queue.State,
        new ExtendLease { TaskId = new(task), WorkerId = new(worker), Epoch = epoch, By = TimeSpan.FromMinutes(1) },
        queue.Now)).Results[0];

    private LeaseResult Complete(string task, string worker, LeaseEpoch epoch) => queue.Complete(worker, task, epoch);
}
