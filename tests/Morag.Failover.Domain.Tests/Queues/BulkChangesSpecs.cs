using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class BulkChangesSpecs
{
    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_change_the_order_of_leases_and_undo_it()
    {
        queue.Submit("a", "b", "c");

        Assert.Equal(["c"], Run("p1", BulkKind.Prioritize, "id:c", priority: TaskPriority.Urgent));
        Assert.Equal("c", Assert.Single(queue.Lease("w")).TaskId.Value);
        queue.Release("w", "c", queue["c"].Lease!.Epoch);
        Assert.Equal(["c"], Run("u1", BulkKind.Undo, "bulk:p1", undoes: "p1"));

        Assert.Equal((TaskPriority.Normal, "u1"), (queue["c"].Priority, queue["c"].Bulk!.Id.Value));
        Assert.Equal("a", Assert.Single(queue.Lease("w")).TaskId.Value);
        Assert.Equal("same", Assert.Single(queue.Submit(QueueUnderTest.Task("c"))).Refused is null ? "same" : "other");
        Assert.Contains("to urgent: spec (bulk action p1 by ann)", queue["c"].History.Select(entry => entry.Detail));
    }

    [Fact]
    public void Should_move_only_tasks_that_no_worker_holds_and_undo_it()
    {
        queue.Submit("held", "queued", "delayed");
        Assert.Single(queue.Lease("w"));
        var lease = queue.Lease("w", 2).Single(lease => lease.TaskId.Value == "queued");
        queue.Fail("queued", "w", lease.Epoch);
        queue.Reassign("queued", FailoverStrategy.RetrySameWorker);

        Assert.Equal(["queued"], Run("m", BulkKind.Move, "id:*", toQueue: QueueUnderTest.Batch));
        Assert.Equal((QueueUnderTest.Batch, null), (queue["queued"].Queue, queue["queued"].PinnedTo));
        Assert.Equal(["queued"], Run("u", BulkKind.Undo, "bulk:m", undoes: "m"));
        Assert.Equal(QueueUnderTest.Cpu, queue["queued"].Queue);
        Assert.Empty(Run("u2", BulkKind.Undo, "bulk:u", undoes: "u"));
    }

    [Fact]
    public void Should_change_no_task_twice_when_an_action_is_repeated_with_its_id()
    {
        queue.Submit("a", "b");
        Park("a");
        Park("b");

        Assert.Equal(["a", "b"], Run("r", BulkKind.Requeue, "state:parked"));
        Park("a");
        Assert.Empty(Run("r", BulkKind.Requeue, "state:parked"));
        Assert.Equal(["a"], Run("r2", BulkKind.Requeue, "state:parked"));
    }

    [Fact]
    public void Should_record_an_action_once_with_its_filter_however_many_events_it_takes()
    {
        queue.Submit("a", "b");
        var command = Command("p", BulkKind.Prioritize, "state:queued", priority: TaskPriority.Low);
        queue.Do(BulkChanges.Decide(queue.State, command, [new("a")], queue.Settings, queue.Now, matching: 2));
        queue.Do(BulkChanges.Decide(queue.State, command, [new("b")], queue.Settings, queue.Now));

        var entry = Assert.Single(queue.State.Audit.Owed).Entry;
        Assert.Equal(
            ("ann", AuditAction.TaskPrioritize, "state:queued", "spec (bulk action p)", "2 tasks of partition 0", "priority low"),
            (entry.By, entry.Action, entry.Target, entry.Reason, entry.Before, entry.After));
    }

    [Fact]
    public void Should_skip_tasks_that_no_longer_match_when_their_turn_comes()
    {
        queue.Submit("a", "b");
        var command = Command("c", BulkKind.Cancel, "state:queued");
        var found = BulkChanges.Matching(queue.State, command, queue.Settings);
        Assert.Single(queue.Lease("w"));

        var cancelled = queue.Do(BulkChanges.Decide(queue.State, command, found, queue.Settings, queue.Now));

        Assert.Equal(["b"], cancelled.Select(task => task.Value));
        Assert.Equal(("c", BulkKind.Cancel), (queue["b"].Bulk!.Id.Value, queue["b"].Bulk!.Kind));
    }

    [Fact]
    public void Should_keep_marks_and_priorities_in_snapshots()
    {
        queue.Submit("a");
        Run("p", BulkKind.Prioritize, "id:a", priority: TaskPriority.High);

        var restored = QueueSnapshotMapping.FromParts(
            [.. QueueSnapshotMapping.ToParts(queue.State, 100_000)], QueueState.Empty, (one, other) => { one(); other(); });

        Assert.Equal(TaskPriority.High, restored.Tasks[new TaskId("a")].Priority);
        Assert.Equal(queue["a"].Bulk, restored.Tasks[new TaskId("a")].Bulk);
    }

    [Theory]
    [InlineData(BulkKind.Prioritize, "id:a", "priority")]
    [InlineData(BulkKind.Move, "id:a", "queue")]
    [InlineData(BulkKind.Cancel, "", "filter")]
    [InlineData(BulkKind.Cancel, "nothing:1", "filter")]
    [InlineData((BulkKind)9, "id:a", "kind")]
    [InlineData(BulkKind.Undo, "id:a", "undoes")]
    public void Should_refuse_an_incomplete_order(BulkKind kind, string filter, string field) =>
        Assert.Equal(field, BulkChanges.Refusal(Command("x", kind, filter), queue.Settings.Queues)!.Field);

    private static ChangeTasks Command(
        string id, BulkKind kind, string filter, TaskPriority? priority = null, QueueName? toQueue = null, string? undoes = null) => new()
        {
            Partition = 0,
            At = QueueUnderTest.Start,
            Order = new BulkOrder
            {
                Id = new(id),
                Kind = kind,
                Filter = filter,
                Reason = "spec",
                By = "ann",
                Priority = priority,
                Queue = toQueue,
                Undoes = undoes is null ? null : new RequestId(undoes),
            },
        };

    private List<string> Run(
        string id, BulkKind kind, string filter, TaskPriority? priority = null, QueueName? toQueue = null, string? undoes = null)
    {
        var command = Command(id, kind, filter, priority, toQueue, undoes);
        Assert.Null(BulkChanges.Refusal(command, queue.Settings.Queues));
        var found = BulkChanges.Matching(queue.State, command, queue.Settings);
        return queue.Do(BulkChanges.Decide(queue.State, command, found, queue.Settings, queue.Now)).Select(task => task.Value).ToList();
    }

    private void Park(string task)
    {
        var lease = queue.Lease("w", 100).Single(lease => lease.TaskId.Value == task);
        queue.Fail(task, "w", lease.Epoch);
        queue.Reassign(task, FailoverStrategy.ManualIntervention);
        foreach (var held in queue.State.Tasks.Values.Where(other => other.State == TaskState.Leased).ToList())
        {
            queue.Release("w", held.TaskId.Value, held.Lease!.Epoch);
        }
    }
}
