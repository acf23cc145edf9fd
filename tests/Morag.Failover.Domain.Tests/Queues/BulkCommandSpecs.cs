using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

/// <summary>A bulk call applies to a task only if it still matches when its turn comes.</summary>
public sealed class BulkCommandSpecs
{
    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_not_cancel_a_task_when_it_left_the_parked_state_after_the_call_arrived()
    {
        queue.Submit("parked", "requeued");
        Park("parked");
        Park("requeued");
        var command = new CancelTasks { Partition = 0, Filter = new() { State = TaskState.Parked }, Reason = "spec" };
        var found = OperatorCommands.Matching(queue.State, command);
        queue.Do(OperatorCommands.Decide(
            queue.State, new RequeueTask { TaskId = new("requeued"), Reason = "spec" }, queue.Settings.Queues, queue.Now));

        var cancelled = queue.Do(OperatorCommands.Decide(queue.State, command, found, queue.Now));

        Assert.Equal("parked", Assert.Single(cancelled).Value);
        Assert.Equal((TaskState.Cancelled, TaskState.Queued), (queue["parked"].State, queue["requeued"].State));
    }

    [Fact]
    public void Should_not_cancel_a_task_when_another_worker_got_it_after_the_call_arrived()
    {
        queue.Submit("stays", "moves");
        Assert.Equal(2, queue.Lease("a", 2).Length);
        var command = new CancelTasks { Partition = 0, Filter = new() { Worker = new("a") }, Reason = "spec" };
        var found = OperatorCommands.Matching(queue.State, command);
        queue.Release("a", "moves", queue["moves"].Lease!.Epoch);
        Assert.Single(queue.Lease("b"));

        var cancelled = queue.Do(OperatorCommands.Decide(queue.State, command, found, queue.Now));

        Assert.Equal("stays", Assert.Single(cancelled).Value);
        Assert.Equal("b", queue["moves"].Lease!.WorkerId.Value);
    }

    [Fact]
    public void Should_not_requeue_a_task_when_it_was_parked_on_another_queue_after_the_call_arrived()
    {
        queue.Submit("stays", "moves");
        Park("stays");
        Park("moves");
        var command = new RequeueTasks { Partition = 0, Filter = new() { Queue = QueueUnderTest.Cpu }, Reason = "spec" };
        var found = OperatorCommands.Matching(queue.State, command);
        var move = new RequeueTask { TaskId = new("moves"), Queue = QueueUnderTest.Batch, Reason = "spec" };
        queue.Do(OperatorCommands.Decide(queue.State, move, queue.Settings.Queues, queue.Now));
        Park("moves");

        var requeued = queue.Do(OperatorCommands.Decide(queue.State, command, found, queue.Now));

        Assert.Equal("stays", Assert.Single(requeued).Value);
        Assert.Equal(TaskState.Parked, queue["moves"].State);
    }

    private static QueueRoom Room(QueueName name) => new() { Queue = name, Cap = 10 };

    private void Park(string task)
    {
        if (queue[task].State != TaskState.Leased)
        {
            queue.Grant(QueueUnderTest.Request("a", 10, rooms: [Room(QueueUnderTest.Cpu), Room(QueueUnderTest.Batch)]));
        }

        queue.Fail(task, "a", queue[task].Lease!.Epoch);
        queue.Reassign(task, FailoverStrategy.ManualIntervention);
        Assert.Equal(TaskState.Parked, queue[task].State);
    }
}
