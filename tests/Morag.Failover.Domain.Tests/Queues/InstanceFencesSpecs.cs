using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class InstanceFencesSpecs
{
    private readonly QueueUnderTest queue = new();

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
