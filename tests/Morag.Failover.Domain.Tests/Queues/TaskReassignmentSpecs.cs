using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class TaskReassignmentSpecs
{
    private readonly QueueUnderTest queue = new();

    private LeaseEpoch Failed(FailureType type = FailureType.ProcessingError, string worker = "w")
    {
        if (queue.State.Tasks.IsEmpty)
        {
            queue.Submit("a");
        }

        var epoch = queue.Lease(worker)[0].Epoch;
        queue.Fail("a", worker, epoch, type);
        return epoch;
    }

    private TaskFacts FactsNow() => LeaseFailure.PendingOf(queue["a"], queue.Settings.Policy)!.Facts;

    [Fact]
    public void Should_carry_out_a_decision_once_and_repeat_the_same_answer()
    {
        var epoch = Failed();
        var command = QueueUnderTest.Reassignment("a", epoch, FailoverStrategy.ReassignSameQueue);
        var first = queue.Reassign(command);
        queue.Lease("w2");
        var events = queue.Events.Count;
        var again = queue.Reassign(command);

        Assert.True(first.Applied);
        Assert.Equal(first, again);
        Assert.Equal(events, queue.Events.Count);
        Assert.Equal(TaskState.Leased, queue["a"].State);
    }

    [Fact]
    public void Should_move_failures_between_the_budgets_of_task_and_fleet_when_workers_are_blamed_or_cleared()
    {
        var first = FailureIds.OfLease(new("a"), Failed());
        queue.Reassign("a", with: command => command with { WorkersFault = [first] });
        Assert.Equal((0, 1, true), (queue["a"].Budgets.OwnFailures, queue["a"].Budgets.FleetFailures, queue["a"].Failures[0].WorkersFault));

        Failed(worker: "w2");
        queue.Reassign("a", with: command => command with { Cleared = [first] });
        Assert.Equal(
            (2, 0, false), (queue["a"].Budgets.OwnFailures, queue["a"].Budgets.FleetFailures, queue["a"].Failures[0].WorkersFault));

        Failed();
        queue.Reassign("a", with: command => command with { WorkersFault = [first, command.FailureId] });
        Assert.Equal((1, 2, true), (queue["a"].Budgets.OwnFailures, queue["a"].Budgets.FleetFailures, queue["a"].Failures[0].WorkersFault));
    }

    [Fact]
    public void Should_not_apply_a_decision_when_it_is_about_another_epoch()
    {
        var epoch = Failed();
        Assert.False(queue.Reassign(QueueUnderTest.Reassignment("a", epoch.Next(), FailoverStrategy.ReassignSameQueue)).Applied);
        Assert.Equal(TaskState.Deciding, queue["a"].State);
    }

    [Fact]
    public void Should_apply_the_queue_and_quality_of_the_decision()
    {
        Failed(FailureType.ResourceExhaustion);
        queue.Reassign(
            "a", FailoverStrategy.DegradeQuality, command => command with { Quality = JsonText.Trusted("{\"q\":1}"), QualityRung = 1 });
        Assert.Equal(("{\"q\":1}", 1), (queue["a"].Quality.Raw, queue["a"].Budgets.QualityRung));

        Failed(FailureType.ResourceExhaustion);
        queue.Reassign(
            "a",
            FailoverStrategy.FallbackQueue,
            command => command with { Action = command.Action with { TargetQueue = QueueUnderTest.Batch } });
        Assert.Equal(QueueUnderTest.Batch, queue["a"].Queue);
        Assert.Empty(queue.Lease("w"));
    }

    [Fact]
    public void Should_park_for_an_operator_and_requeue_with_fresh_budgets()
    {
        Failed();
        queue.Reassign("a", FailoverStrategy.ManualIntervention);
        Assert.Equal((TaskState.Parked, "spec"), (queue["a"].State, queue["a"].ParkedBecause));
        Assert.Empty(queue.Lease("w"));

        var requeue = new RequeueTask { TaskId = new("a"), Queue = QueueUnderTest.Cpu, Reason = "fixed" };
        queue.Do(OperatorCommands.Decide(queue.State, requeue, queue.Settings.Queues, queue.Now));
        Failed();
        Assert.Equal(0, FactsNow().OwnFailures);
        Assert.Empty(FactsNow().History);
        Assert.Contains(queue["a"].History, entry => entry.What == "parked");
    }

    [Fact]
    public void Should_reject_a_requeue_when_the_quality_settings_are_not_an_object()
    {
        Failed();
        queue.Reassign("a", FailoverStrategy.ManualIntervention);
        var quality = JsonText.Trusted("{ not json");

        var one = OperatorCommands.Decide(
            queue.State, new RequeueTask { TaskId = new("a"), Quality = quality, Reason = "spec" }, queue.Settings.Queues, queue.Now);
        var many = OperatorCommands.Refusal(new RequeueTasks { Partition = 0, Quality = quality, Reason = "spec" }, queue.Settings.Queues);

        Assert.Equal(("quality", "quality"), (Assert.IsType<Refused>(one.Reply).Field, many?.Field));
        Assert.Null(one.Event);
    }

    [Fact]
    public void Should_report_used_budgets_to_the_policy()
    {
        Failed(FailureType.NetworkFailure);
        queue.Reassign("a", FailoverStrategy.RetrySameWorker);
        Failed(FailureType.NetworkFailure);
        Assert.Equal((1, 1), (FactsNow().SameWorkerRetries, FactsNow().FleetFailures));
        queue.Reassign("a", FailoverStrategy.RetrySameWorker);
        Failed(FailureType.TaskTimeout);
        Assert.Equal(0, FactsNow().SameWorkerRetries);
        queue.Reassign("a");
        Failed(FailureType.NetworkFailure, "w2");

        Assert.Equal(
            (0, 2, 1, 1), (FactsNow().SameWorkerRetries, FactsNow().FleetFailures, FactsNow().OwnFailures, FactsNow().Reassignments));
        Assert.Equal(3, FactsNow().History.Length);
    }

    [Fact]
    public void Should_use_no_budget_when_a_failure_does_not_count_against_the_task()
    {
        Failed(FailureType.WorkerOffline);
        queue.Reassign("a", with: command => command with { ExcludedFromBudgets = true });

        Assert.Equal(0, queue["a"].Budgets.FleetFailures);
        Assert.True(queue["a"].Failures[0].ExcludedFromBudgets);
    }
}
