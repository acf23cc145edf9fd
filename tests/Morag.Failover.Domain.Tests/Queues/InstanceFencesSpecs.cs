using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class InstanceFencesSpecs
{
    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_protect_a_lease_of_a_lost_instance_for_its_share_of_silence()
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
        queue.CarryOutDue();
        Assert.Equal(TaskState.Leased, queue["old"].State);
        queue.Pass(1);
        queue.CarryOutDue();
        Assert.Equal(FailureType.WorkerOffline, queue["old"].Pending!.FailureType);
        Assert.Equal("l1", queue["old"].Pending!.LossId!.Value.Value);
    }

    [Fact]
    public void Should_leave_what_has_not_ended_when_the_instance_comes_back()
    {
        queue.Submit("a", "b");
        queue.Lease("w", instance: "i");
        queue.Pass(3000);
        queue.Fence("w", 1, FenceKind.Lost, "i");
        Assert.Empty(queue.Lease("w", instance: "i"));
        queue.Fence("w", 2, FenceKind.Lifted, "i");
        queue.Pass(400);
        queue.CarryOutDue();

        Assert.Equal(TaskState.Leased, queue["a"].State);
        Assert.Single(queue.Lease("w", instance: "i"));
    }

    [Fact]
    public void Should_end_every_lease_of_a_replaced_instance_at_once_and_refuse_it_more()
    {
        queue.Submit("a", "b", "c");
        queue.Lease("w", instance: "i1");
        queue.Lease("w", instance: "i2");
        queue.Pass(3000);
        queue.Fence("w", 1, FenceKind.Proven, "i1", planned: true);

        Assert.True(queue["a"].Pending!.Planned);
        Assert.Equal(TaskState.Leased, queue["b"].State);
        Assert.Empty(queue.Lease("w", instance: "i1"));
        Assert.Single(queue.Lease("w", instance: "i2"));
    }

    [Fact]
    public void Should_give_back_without_blame_when_a_worker_leaves()
    {
        queue.Submit("a");
        queue.Lease("w");
        queue.Fence("w", 1, FenceKind.Returned);

        Assert.Equal(TaskState.Queued, queue["a"].State);
        Assert.Empty(queue["a"].Failures);
        Assert.Equal(LeaseOutcomeKind.Returned, queue.Owed("w")!.Outcomes[0].Kind);
    }

    [Fact]
    public void Should_acknowledge_an_older_fence_and_change_nothing()
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
    public void Should_protect_anew_after_an_outage_of_ours()
    {
        queue.Submit("a");
        queue.Lease("w");
        queue.Pass(2000);
        queue.Fence("w", 1, FenceKind.Lost);
        queue.Pass(500);
        queue.Take(new LeaseClocksRestarted { At = queue.Now });
        queue.Pass(99);
        queue.CarryOutDue();
        Assert.Equal(TaskState.Leased, queue["a"].State);
        queue.Pass(1);
        queue.CarryOutDue();
        Assert.Equal(TaskState.Deciding, queue["a"].State);
    }
}
