using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class LeaseGrantsSpecs
{
    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_grant_by_priority_then_by_age()
    {
        queue.Submit(
            QueueUnderTest.Task("low") with { Priority = TaskPriority.Low },
            QueueUnderTest.Task("first"),
            QueueUnderTest.Task("second"),
            QueueUnderTest.Task("urgent") with { Priority = TaskPriority.Urgent, ContentType = "audio" });

        Assert.Equal(["urgent", "first", "second", "low"], queue.Lease("w", 10).Select(lease => lease.TaskId.Value));
        Assert.Equal(2, queue.Events.Count);
    }

    [Fact]
    public void Should_never_repeat_an_epoch()
    {
        queue.Submit("a", "b");
        var first = queue.Lease("w", 2);
        queue.Release("w", "a", first[0].Epoch);
        var again = queue.Lease("w");

        Assert.Equal([1L, 2L, 3L], first.Concat(again).Select(lease => lease.Epoch.Value));
        Assert.Equal(2, again[0].Attempt);
    }

    [Fact]
    public void Should_skip_tasks_that_the_worker_cannot_run()
    {
        queue.Submit(
            QueueUnderTest.Task("big") with { ResourceRequirements = new() { MemoryGb = 64 } },
            QueueUnderTest.Task("gpu") with { ResourceRequirements = new() { GpuRequired = true } },
            QueueUnderTest.Task("other", QueueUnderTest.Gpu),
            QueueUnderTest.Task("fits"));

        Assert.Equal(["fits"], queue.Lease("w", 10).Select(lease => lease.TaskId.Value));
    }

    [Fact]
    public void Should_respect_the_limits_per_queue_and_in_total()
    {
        queue.Submit("a", "b", "c", "d", "e");
        Assert.Equal(2, queue.Grant(
            QueueUnderTest.Request("w", 10, rooms: new QueueRoom { Queue = QueueUnderTest.Cpu, Cap = 4, HeldElsewhere = 2 })).Length);
        Assert.Empty(
            queue.Grant(QueueUnderTest.Request("w", 10, rooms: new QueueRoom { Queue = QueueUnderTest.Cpu, Cap = 4, HeldElsewhere = 2 })));
        Assert.Single(queue.Grant(QueueUnderTest.Request("w", 10) with { MaxHeld = 3 }));
    }

    [Fact]
    public void Should_return_the_same_leases_when_a_request_is_repeated()
    {
        queue.Submit("a", "b", "c");
        var first = queue.Lease("w", 2, request: "r1");
        queue.Pass(10);
        var again = queue.Lease("w", 2, request: "r1");
        queue.Complete("w", "a", first[0].Epoch);
        var stillValid = queue.Lease("w", 2, request: "r1");
        var onlyRepeat = queue.Grant(QueueUnderTest.Request("w", 2, request: "r2") with { OnlyRepeat = true });

        Assert.Equal(first.Select(
            lease => (lease.TaskId, lease.Epoch, lease.Deadline)), again.Select(lease => (lease.TaskId, lease.Epoch, lease.Deadline)));
        Assert.Equal(first[0].RemainingSeconds - 10, again[0].RemainingSeconds);
        Assert.Equal(["b"], stillValid.Select(lease => lease.TaskId.Value));
        Assert.Empty(onlyRepeat);
    }

    [Fact]
    public void Should_serve_queues_by_weight_without_starving_any()
    {
        queue.Submit(
        [
            .. Enumerable.Range(0, 70).Select(i => QueueUnderTest.Task($"s{i}")),
            .. Enumerable.Range(0, 70).Select(i => QueueUnderTest.Task($"b{i}", QueueUnderTest.Batch)),
        ]);
        QueueRoom[] rooms = [new() { Queue = QueueUnderTest.Batch, Cap = 1000 }, new() { Queue = QueueUnderTest.Cpu, Cap = 1000 }];
        var served = new List<QueueName>();
        for (var i = 0; i < 70; i++)
        {
            served.Add(queue.Grant(QueueUnderTest.Request("w", 1, rooms: rooms))[0].Queue);
        }

        // Weights 0.5 and 0.2: five of seven.
        Assert.InRange(served.Count(name => name == QueueUnderTest.Cpu), 49, 51);
    }

    [Fact]
    public void Should_grant_a_pinned_task_only_to_its_worker_until_the_pin_expires()
    {
        queue.Submit("a");
        queue.Fail("a", "w1", queue.Lease("w1")[0].Epoch, FailureType.NetworkFailure);
        queue.Reassign("a", FailoverStrategy.RetrySameWorker, command => command with { Delay = TimeSpan.FromSeconds(30) });
        Assert.Equal(TaskState.Delayed, queue["a"].State);

        queue.Pass(29);
        queue.ApplyDue();
        Assert.Empty(queue.Lease("w1"));
        queue.Pass(1);
        queue.ApplyDue();
        Assert.Empty(queue.Lease("w2"));
        Assert.Single(queue.Lease("w1"));

        queue.Fail("a", "w1", queue["a"].Lease!.Epoch, FailureType.NetworkFailure);
        queue.Reassign("a", FailoverStrategy.RetrySameWorker);
        queue.Pass(60);
        queue.ApplyDue();
        Assert.Single(queue.Lease("w2"));
    }

    [Theory]
    [InlineData("held")]
    [InlineData("owed")]
    [InlineData("pinned")]
    [InlineData("avoids")]
    [InlineData("nothing")]
    public void Should_keep_the_share_of_a_worker_while_a_task_depends_on_it(string dependence)
    {
        queue.Submit("a");
        var epoch = queue.Lease("w")[0].Epoch;
        if (dependence != "held")
        {
            queue.Fail("a", "w", epoch);
        }

        if (dependence is "pinned" or "avoids" or "nothing")
        {
            queue.Acknowledge("w");
            queue.Reassign(
                "a",
                dependence == "pinned" ? FailoverStrategy.RetrySameWorker : FailoverStrategy.ReassignSameQueue,
                command => dependence == "avoids" ? command with { Avoid = new WorkerId("w") } : command);
        }

        var dropped = queue.Do(WorkerShareRetention.Decide(queue.State, new DropWorkerShare { Partition = 0, WorkerId = new("w") }));

        Assert.Equal(dependence != "nothing", dropped.Kept);
        Assert.Equal(dependence != "nothing", queue.State.Workers.ContainsKey(new("w")));
    }

    [Fact]
    public void Should_avoid_the_worker_that_failed_while_another_ready_worker_can_run_the_task()
    {
        queue.Submit("a", "b");
        queue.Fail("a", "w1", queue.Lease("w1")[0].Epoch);
        queue.Reassign("a", with: command => command with { Avoid = new WorkerId("w1") });

        queue.Fleet = QueueUnderTest.FleetOf("w1", "w2");
        Assert.Equal(["b"], queue.Lease("w1", 10).Select(lease => lease.TaskId.Value));
        queue.Fleet = QueueUnderTest.FleetOf("w1");
        Assert.Equal(["a"], queue.Lease("w1", 10).Select(lease => lease.TaskId.Value));
    }

    [Fact]
    public void Should_prefer_the_timeout_of_the_task_over_that_of_the_queue()
    {
        queue.Submit(QueueUnderTest.Task("own") with { Timeout = TimeSpan.FromSeconds(90) }, QueueUnderTest.Task("queue's"[..5]));
        var leases = queue.Lease("w", 2);

        Assert.Equal([90, 3600], leases.Select(lease => lease.RemainingSeconds));
    }

    [Fact]
    public void Should_leave_tasks_for_the_next_call_when_they_do_not_fit_one_message()
    {
        var payload = JsonText.Of(new string('x', 200 * 1024));
        queue.Submit([.. Enumerable.Range(0, 8).Select(number => QueueUnderTest.Task($"large-{number}") with { Payload = payload })]);

        Assert.Equal(5, queue.Lease("w", 8).Length);
        Assert.Equal(3, queue.Lease("w", 8).Length);
    }

    [Fact]
    public void Should_grant_a_task_alone_when_it_exceeds_the_usual_reply_size()
    {
        queue.Settings = queue.Settings with { Queues = queue.Settings.Queues with { MaxPayload = 2 * 1024 * 1024 } };
        var payload = JsonText.Of(new string('x', (int)LeaseGrants.MostBytes));
        queue.Submit([.. Enumerable.Range(0, 2).Select(number => QueueUnderTest.Task($"large-{number}") with { Payload = payload })]);

        Assert.Single(queue.Lease("w", 4));
        Assert.Single(queue.Lease("w", 4));
    }
}
