using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Failover.Coordination;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Tests.Queues;
using Morag.Failover.Domain.Workers;

namespace Morag.Failover.Domain.Tests.Audit;

/// <summary>What operators did: stored with the change, listed once, and kept as long as configured.</summary>
public sealed class AuditTrailSpecs
{
    private static readonly DateTimeOffset T0 = QueueUnderTest.Start;

    [Fact]
    public void Should_store_who_did_what_and_why_with_what_was_before_and_after_in_the_event_of_a_task()
    {
        var queue = new QueueUnderTest();
        queue.Submit("a", "b");
        queue.Do(OperatorCommands.Decide(queue.State, new CancelTask { TaskId = new("a"), Reason = "old", By = "anna" }, T0));
        queue.Do(OperatorCommands.Decide(queue.State, new CancelTask { TaskId = new("a"), Reason = "again", By = "otto" }, T0));
        queue.Do(OperatorCommands.Decide(
            queue.State,
            new CancelTasks { Partition = 0, Filter = new() { Queue = QueueUnderTest.Cpu }, Reason = "all", By = "anna" },
            [new("b")],
            T0,
            matching: 1));

        var message = queue.State.Audit.Message("queue-0", 16)!;
        Assert.Equal(
            [
                Entry("queue-0:1", AuditAction.TaskCancel, "a", "old", "queued in cpu_standard", "cancelled"),
                Entry("queue-0:2", AuditAction.TaskCancel, "queue:cpu_standard", "all", "1 task of partition 0", "cancelled"),
            ],
            message.Entries.AsEnumerable());
    }

    [Fact]
    public void Should_store_changes_of_a_queue()
    {
        var queue = new QueueUnderTest();
        queue.Pause(QueueUnderTest.Cpu, "bad model");
        queue.SetLimits(QueueUnderTest.Cpu, new QueueLimits { PerWorker = 3, Weight = 0.5 });
        queue.SetLimits(QueueUnderTest.Cpu, new QueueLimits(), QueueLimit.PerWorker, QueueLimit.Weight);
        queue.Resume(QueueUnderTest.Cpu);

        Assert.Equal(
            [
                (AuditAction.QueuePause, "not paused", "paused: bad model"),
                (AuditAction.QueueLimits, "as configured", "per_worker = 3, weight = 0.5"),
                (AuditAction.QueueLimits, "per_worker = 3, weight = 0.5", "as configured"),
                (AuditAction.QueueResume, "paused: bad model", "not paused"),
            ],
            queue.State.Audit.Owed.Select(owed => (owed.Entry.Action, owed.Entry.Before, owed.Entry.After)));
    }

    [Fact]
    public void Should_store_actions_on_a_worker_and_none_for_what_the_worker_does_itself()
    {
        var worker = WorkerState.Unknown(new WorkerId("w"));
        Apply(WorkerMembership.Register(
            worker,
            new() { WorkerId = worker.WorkerId, Capability = WorkerCapability.Cpu, InstanceId = new("i") },
            false,
            new LossId("l"),
            T0,
            new QueueSettings(),
            T0).Event);
        Apply(WorkerMembership.Drain(worker, new() { WorkerId = worker.WorkerId, Reason = "a new disk", By = "anna" }, T0).Event);
        Apply(WorkerMembership.Resume(worker, new() { WorkerId = worker.WorkerId, By = "otto" }, T0).Event);
        Apply(WorkerMembership.Resume(worker, new() { WorkerId = worker.WorkerId, By = "otto" }, T0).Event);
        Apply(FailureAccounting.SetBreaker(
            worker, new() { WorkerId = worker.WorkerId, Action = BreakerAction.Open, Reason = "odd", By = "anna" }, T0).Event);
        var left = WorkerMembership.Unregister(worker, new() { WorkerId = worker.WorkerId, InstanceId = new("i"), By = "w" }, T0).Event;
        Assert.Null(((IAudited)left!).Audit);
        Apply(WorkerMembership.Unregister(worker, new() { WorkerId = worker.WorkerId, By = "anna" }, T0).Event);

        Assert.Equal(
            [
                ("anna", AuditAction.WorkerDrain, "online", "draining: a new disk"),
                ("otto", AuditAction.WorkerResume, "draining: a new disk", "online"),
                ("anna", AuditAction.BreakerOpen, "closed", "open: odd"),
                ("anna", AuditAction.WorkerUnregister, "online", "not registered"),
            ],
            worker.Audit.Owed.Select(owed => (owed.Entry.By, owed.Entry.Action, owed.Entry.Before, owed.Entry.After)));
        var stored = WorkerSnapshotMapping.FromSnapshot(WorkerSnapshotMapping.ToSnapshot(worker));
        Assert.Equal((worker.Audit.Last, worker.Audit.Owed.AsEnumerable()), (stored.Audit.Last, stored.Audit.Owed.AsEnumerable()));
        worker = worker.Apply(new WorkerAuditDelivered { UpTo = 3 });
        Assert.Equal(4, Assert.Single(worker.Audit.Owed).Number);

        void Apply(IStoredEvent? @event) => worker = @event is null ? worker : worker.Apply(@event);
    }

    [Fact]
    public void Should_list_an_entry_once_however_often_it_is_delivered()
    {
        var state = CoordinatorState.Empty;
        var record = new RecordAudit { Partition = 0, UpTo = 2, Entries = [At(1), At(2)] };
        state = state.Apply(state.Decide(record)!);

        Assert.Null(state.Decide(record));
        state = state.Apply(state.Decide(record with { Entries = [At(2), At(3)] })!);
        Assert.Equal(["q:3", "q:2", "q:1"], state.Audit.List(new ListAudit { Partition = 0 }).Entries.Select(entry => entry.Id));
    }

    [Fact]
    public void Should_filter_and_page_newest_first_and_keep_everything_in_a_snapshot()
    {
        var state = CoordinatorState.Empty.Apply(new OperatorActionsRecorded { Entries = [.. Enumerable.Range(1, 9).Select(At)] });
        state = CoordinatorState.FromParts([.. state.ToParts(400)]);
        Assert.Equal(9, state.Audit.Entries.Count);

        var seen = new List<string>();
        AuditCursor? after = null;
        AuditPage page;
        do
        {
            page = state.Audit.List(new ListAudit
            {
                Partition = 0,
                Since = T0.AddHours(2),
                Until = T0.AddHours(8),
                By = "anna",
                Action = AuditAction.TaskCancel,
                After = after,
                Limit = 2,
            });
            seen.AddRange(page.Entries.Select(entry => entry.Id));
            after = AuditCursor.Of(page.Entries[^1]);
        }
        while (page.HasMore);

        Assert.Equal(["q:7", "q:6", "q:5", "q:4", "q:3", "q:2"], seen);
        Assert.Equal("q:4", Assert.Single(state.Audit.List(new ListAudit { Partition = 0, Target = "t4" }).Entries).Id);
        Assert.Empty(state.Audit.List(new ListAudit { Partition = 0, By = "nobody" }).Entries);
    }

    [Fact]
    public void Should_forget_what_is_too_old_and_the_oldest_beyond_the_memory_limit()
    {
        var state = CoordinatorState.Empty.Apply(new OperatorActionsRecorded { Entries = [.. Enumerable.Range(1, 9).Select(At)] });
        var settings = new AuditSettings { Retention = TimeSpan.FromHours(5) };

        Assert.Null(state.AuditToForget(settings, T0.AddHours(6)));
        var old = state.Apply(state.AuditToForget(settings, T0.AddHours(8.5))!);
        Assert.Equal(["q:4", "q:5", "q:6", "q:7", "q:8", "q:9"], old.Audit.Entries.Select(entry => entry.Id));
        var half = state.AuditToForget(new AuditSettings { MaxBytes = state.Audit.Bytes / 2 }, T0.AddHours(9));
        Assert.Equal(5, half!.Count);
        Assert.Equal(0, state.Audit.WithoutOldest(9).Bytes);
    }

    [Fact]
    public void Should_drop_the_oldest_entries_when_no_coordinator_takes_them_for_long()
    {
        var outbox = AuditOutbox.Empty;
        for (var i = 0; i < AuditOutbox.MostOfQueue + 5; i++)
        {
            outbox = outbox.After(new TasksCancelled { At = T0, Audit = At(i) }, AuditOutbox.MostOfQueue);
        }

        Assert.Equal((AuditOutbox.MostOfQueue, 6), (outbox.Owed.Length, outbox.Owed[0].Number));
        Assert.Equal(205, outbox.Message("queue-0", 1)!.UpTo);
    }

    private static AuditEntry At(int hour) => new()
    {
        Id = $"q:{hour}",
        At = T0.AddHours(hour),
        By = "anna",
        Action = AuditAction.TaskCancel,
        Target = $"t{hour}",
    };

    private static AuditEntry Entry(string id, AuditAction action, string target, string reason, string before, string after) => new()
    {
        Id = id,
        At = T0,
        By = "anna",
        Action = action,
        Target = target,
        Reason = reason,
        Before = before,
        After = after,
    };
}
