using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class InstanceFencesSpecs
{
    private readonly QueueUnderTest queue = new();

    private void Progress(LeaseEpoch epoch, double? percent, string? checkpoint = null) => queue.Apply(new ProgressReported
    {
        Tasks =
        [
            new()
            {
                TaskId = new("a"),
                Progress = new()
                {
                    WorkerId = new("w"),
                    Epoch = epoch,
                    Percent = percent,
                    Checkpoint = checkpoint is null ? null : JsonText.Trusted(checkpoint),
                    CheckpointEpoch = checkpoint is null ? null : epoch,
                },
            },
        ],
    });

    [Fact]
    public void Should_protect_a_lease_in_proportion_to_its_running_time_when_its_instance_is_lost()
    {
        queue.Submit(QueueUnderTest.Task("old") with { Timeout = TimeSpan.FromHours(9) });
        queue.Lease("w", instance: "i");
        queue.Pass(3600);
        queue.Submit("new");
        queue.Lease("w", instance: "i");
        queue.Fence("w", 1, FenceKind.Lost, "i", silentFor: 60, loss: "l1");

        Assert.Equal(TaskState.Deciding, queue["new"].State);
        Assert.Equal("l1", queue["new"].Pending!.LossId!.Value.Value);
        Assert.Equal(TaskState.Leased, queue["old"].State);

        queue.Pass(119);
        queue.ApplyDue();
        Assert.Equal(TaskState.Leased, queue["old"].State);
        queue.Pass(1);
        queue.ApplyDue();
        Assert.Equal(FailureType.WorkerOffline, queue["old"].Pending!.FailureType);
        Assert.Equal("l1", queue["old"].Pending!.LossId!.Value.Value);
    }

    [Theory]
    [InlineData(1, 7200, null, 180)]
    [InlineData(1, 7200, 0.0, 180)]
    [InlineData(1, 7200, 40.0, 252)]
    [InlineData(1, 7200, 100.0, 360)]
    [InlineData(9, 7200, 100.0, 1800)]
    [InlineData(0, 7200, 100.0, 180)]
    [InlineData(1, 100, 100.0, 10)]
    [InlineData(9, 0, 100.0, 0)]
    public void Should_protect_a_lease_for_longer_when_more_of_its_work_is_done(
        double setting, double ran, double? percent, double protection)
    {
        queue.Settings = queue.Settings with { Queues = queue.Settings.Queues with { ProgressProtection = setting } };
        queue.Submit(QueueUnderTest.Task("a") with { Timeout = TimeSpan.FromHours(9) });
        var epoch = queue.Lease("w")[0].Epoch;
        Progress(epoch, percent);
        queue.Pass(ran);

        Assert.Equal(protection, LossProtection.Of(queue["a"], queue.Settings, queue.Now).Time.TotalSeconds, 6);
    }

    [Fact]
    public void Should_not_count_the_progress_of_an_earlier_attempt()
    {
        queue.Submit(QueueUnderTest.Task("a") with { Timeout = TimeSpan.FromHours(9) });
        var epoch = queue.Lease("w")[0].Epoch;
        Progress(epoch, 90);
        queue.Release("w", "a", epoch);
        queue.Lease("w");
        queue.Pass(7200);

        Assert.Equal(180, LossProtection.Of(queue["a"], queue.Settings, queue.Now).Time.TotalSeconds);
    }

    [Fact]
    public void Should_say_how_long_a_lost_worker_keeps_its_task_and_why()
    {
        queue.Submit(QueueUnderTest.Task("a") with { Timeout = TimeSpan.FromHours(9) });
        Progress(queue.Lease("w", instance: "i")[0].Epoch, 40);
        queue.Pass(7200);
        queue.Fence("w", 1, FenceKind.Lost, "i", silentFor: 12);
        const string Rule = "the task stays with its silent worker for 252 s "
            + "(5% of the 7,200 s it has run, at most 180 s, and more because 40% is done)";

        var waiting = WaitReasons.Of(queue.State, queue["a"], queue.Fleet, true, queue.Settings.Queues);
        Assert.Equal($"The task stays with w, which is lost, until 2026-01-01 02:04:00Z: spec; {Rule}.", waiting.Sentence);
        Assert.Equal(queue.Now.AddSeconds(240), waiting.Until);
        queue.Pass(240);
        queue.ApplyDue();
        Assert.Equal($"spec; {Rule}", queue["a"].Pending!.ErrorMessage);
    }

    [Theory]
    [InlineData("released")]
    [InlineData("drained")]
    [InlineData("lost while draining")]
    public void Should_cost_the_task_nothing_and_hand_on_its_checkpoint_when_its_worker_stops_as_planned(string stop)
    {
        queue.Submit("a");
        var lease = queue.Lease("w", instance: "i")[0];
        Progress(lease.Epoch, 40, "3");
        switch (stop)
        {
            case "released":
                queue.Release("w", "a", lease.Epoch);
                break;
            case "drained":
                queue.Fence("w", 1, FenceKind.Returned);
                break;
            default:
                queue.Fence("w", 1, FenceKind.Proven, "i", blame: LossBlame.Planned);
                queue.Reassign("a", with: command => command with { ExcludedFromBudgets = true });
                break;
        }

        var budgets = queue["a"].Budgets;
        Assert.Equal((0, 0, 0), (budgets.Failures, budgets.OwnFailures, budgets.FleetFailures));
        Assert.Equal("3", Assert.Single(queue.Lease("w2")).Checkpoint!.Value.Raw);
    }

    [Fact]
    public void Should_keep_the_leases_that_have_not_ended_when_the_instance_comes_back()
    {
        queue.Submit("a", "b");
        queue.Lease("w", instance: "i");
        queue.Pass(3000);
        queue.Fence("w", 1, FenceKind.Lost, "i");
        Assert.Empty(queue.Lease("w", instance: "i"));
        queue.Fence("w", 2, FenceKind.Lifted, "i");
        queue.Pass(400);
        queue.ApplyDue();

        Assert.Equal(TaskState.Leased, queue["a"].State);
        Assert.Single(queue.Lease("w", instance: "i"));
    }

    [Fact]
    public void Should_end_every_lease_and_grant_no_more_when_an_instance_is_replaced()
    {
        queue.Submit("a", "b", "c");
        queue.Lease("w", instance: "i1");
        queue.Lease("w", instance: "i2");
        queue.Pass(3000);
        queue.Fence("w", 1, FenceKind.Proven, "i1", blame: LossBlame.Planned);

        Assert.Equal(LossBlame.Planned, queue["a"].Pending!.Blame);
        Assert.Equal(TaskState.Leased, queue["b"].State);
        Assert.Empty(queue.Lease("w", instance: "i1"));
        Assert.Single(queue.Lease("w", instance: "i2"));
    }

    [Fact]
    public void Should_return_leases_without_blame_when_a_worker_leaves()
    {
        queue.Submit("a");
        queue.Lease("w");
        queue.Fence("w", 1, FenceKind.Returned);

        Assert.Equal(TaskState.Queued, queue["a"].State);
        Assert.Empty(queue["a"].Failures);
        Assert.Equal(LeaseOutcomeKind.Returned, queue.BatchFor("w")!.Outcomes[0].Kind);
    }

    [Fact]
    public void Should_acknowledge_and_change_nothing_when_a_fence_is_older_than_the_last()
    {
        queue.Submit("a");
        queue.Fence("w", 2, FenceKind.Proven);
        queue.Lease("w");
        var events = queue.Events.Count;

        Assert.Equal(1, queue.Fence("w", 1, FenceKind.Proven).Number);
        Assert.Equal(2, queue.Fence("w", 2, FenceKind.Proven).Number);
        Assert.Equal(events, queue.Events.Count);
        Assert.Equal(TaskState.Leased, queue["a"].State);
    }

    [Fact]
    public void Should_restart_the_protection_after_an_outage_of_this_node()
    {
        queue.Submit("a");
        queue.Lease("w");
        queue.Pass(2000);
        queue.Fence("w", 1, FenceKind.Lost);
        queue.Pass(500);
        queue.Apply(new LeaseClocksRestarted { At = queue.Now });
        queue.Pass(99);
        queue.ApplyDue();
        Assert.Equal(TaskState.Leased, queue["a"].State);
        queue.Pass(1);
        queue.ApplyDue();
        Assert.Equal(TaskState.Deciding, queue["a"].State);
    }
}
