using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Fleet;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

/// <summary>Operators pause queues and change their limits.</summary>
public sealed class QueueControlSpecs
{
    private readonly QueueUnderTest queue = new() { Fleet = QueueUnderTest.FleetOf("w") };

    [Fact]
    public void Should_grant_nothing_from_a_paused_queue_and_keep_everything_else_going()
    {
        queue.Submit("free", "held", "pinned");
        var lease = queue.Lease("w")[0];
        queue.Fail("held", null, null);
        queue.Submit(QueueUnderTest.Task("other", QueueUnderTest.Batch));
        queue.Pause(QueueUnderTest.Cpu);

        Assert.Empty(queue.Lease("w", most: 10));
        Assert.Null(queue.Submit(QueueUnderTest.Task("later"))[0].Refused);
        Assert.Null(queue.Complete("w", "free", lease.Epoch).Refused);
        QueueRoom[] both = [new() { Queue = QueueUnderTest.Cpu, Cap = 10 }, new() { Queue = QueueUnderTest.Batch, Cap = 10 }];
        Assert.Equal("other", Assert.Single(queue.Grant(QueueUnderTest.Request("w", 10, rooms: both))).TaskId.Value);

        queue.Resume(QueueUnderTest.Cpu);
        Assert.Equal(["held", "pinned", "later"], queue.Lease("w", most: 10).Select(each => each.TaskId.Value));
    }

    [Fact]
    public void Should_tell_a_scaler_what_is_paused_and_what_is_being_decided()
    {
        queue.Submit("held", "failed", "waits");
        queue.Lease("w", most: 2);
        queue.Fail("failed", "w", null);
        queue.Pause(QueueUnderTest.Cpu);

        var demand = QueueDemands.Of(queue.State, TimeSpan.Zero, queue.Settings.Queues, queue.Now).Queues
            .Single(each => each.Queue == QueueUnderTest.Cpu);

        Assert.Equal((1, 1, 1, true), (demand.Queued, demand.Leased, demand.Deciding, demand.Paused));
    }

    [Fact]
    public void Should_repeat_the_leases_of_a_repeated_call_when_their_queue_was_paused_since()
    {
        queue.Submit("a");
        var before = queue.Lease("w", request: "r-1");
        queue.Pause(QueueUnderTest.Cpu);

        Assert.Equal(before.AsEnumerable(), queue.Lease("w", request: "r-1"));
    }

    [Fact]
    public void Should_keep_a_pinned_task_from_its_worker_while_its_queue_is_paused()
    {
        queue.Submit("a");
        queue.Lease("w");
        queue.Fail("a", "w", null);
        queue.Reassign("a", FailoverStrategy.RetrySameWorker, command => command with
        {
            Action = command.Action with { TargetWorkerId = new("w") },
        });
        queue.Pause(QueueUnderTest.Cpu);
        queue.ApplyDue();

        Assert.Empty(queue.Lease("w"));
        Assert.Equal("the queue cpu_standard is paused by ops: spec", queue.State.Controls.ReasonToWait(queue["a"]));
    }

    [Fact]
    public void Should_not_move_unserved_tasks_out_of_a_paused_queue()
    {
        var gpu = new QueueName("gpu_fallback");
        queue.Submit(QueueUnderTest.Task("g", gpu));
        queue.Pass(600);
        var seen = FleetSightings.None.Seeing(queue.Fleet, QueueUnderTest.Start - TimeSpan.FromDays(1));
        var overdue = UnservedTasks.Overdue(queue.State, seen, queue.Settings.Queues, 10, queue.Now);
        Assert.Single(overdue);
        queue.Pause(gpu);

        Assert.Empty(UnservedTasks.Overdue(queue.State, seen, queue.Settings.Queues, 10, queue.Now));
        Assert.Null(UnservedTasks.Decide(queue.State, overdue, queue.Fleet, queue.Settings.Queues, queue.Now));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 5)]
    public void Should_obey_the_changed_limit_of_a_worker_instead_of_the_configured_one(int changed, int granted)
    {
        queue.Submit("a", "b", "c", "d", "e", "f");
        queue.SetLimits(QueueUnderTest.Cpu, new QueueLimits { PerWorker = changed });

        var room = new QueueRoom { Queue = QueueUnderTest.Cpu, Cap = 3 };
        Assert.Equal(granted, queue.Grant(QueueUnderTest.Request("w", 10, rooms: room)).Length);
    }

    [Fact]
    public void Should_put_changed_limits_before_the_configuration_until_they_are_reset()
    {
        var report = (QueueControlReport)queue.SetLimits(
            QueueUnderTest.Cpu, new QueueLimits { PerWorker = 9, TimeoutSeconds = 60, UnservedAfterSeconds = 5, Weight = 2 });
        var definition = queue.State.Controls.ApplyTo(queue.Settings.Queues).Find(QueueUnderTest.Cpu)!;

        Assert.Equal((9, 2.0), (definition.PerWorker, definition.Weight));
        Assert.Equal((TimeSpan.FromMinutes(1), TimeSpan.FromSeconds(5)), (definition.Timeout, definition.UnservedAfter));
        Assert.Equal(new QueueLimits { PerWorker = 9, TimeoutSeconds = 60, UnservedAfterSeconds = 5, Weight = 2 }, report.Limits);
        Assert.Equal(
            new QueueLimits { PerWorker = 4, TimeoutSeconds = 3600, UnservedAfterSeconds = 600, Weight = 0.5 }, report.Configured);
        Assert.Equal(("ops", "tuning"), (report.LimitsChanged?.By, report.LimitsChanged?.Reason));

        report = (QueueControlReport)queue.SetLimits(
            QueueUnderTest.Cpu, new QueueLimits { Weight = 3 }, QueueLimit.PerWorker, QueueLimit.Timeout);
        Assert.Equal([QueueLimit.Weight, QueueLimit.UnservedAfter], report.Overridden.AsEnumerable());
        report = (QueueControlReport)queue.SetLimits(QueueUnderTest.Cpu, new QueueLimits(), QueueLimit.Weight, QueueLimit.UnservedAfter);
        Assert.Equal((0, null), (report.Overridden.Length, report.LimitsChanged));
        Assert.Empty(queue.State.Controls.Queues);
        Assert.Equal(report.Configured, report.Limits);
    }

    [Fact]
    public void Should_keep_the_first_pause_when_a_queue_is_paused_again()
    {
        queue.Pause(QueueUnderTest.Cpu, "a bad model", "anna");
        queue.Pass(5);
        var report = (QueueControlReport)queue.Pause(QueueUnderTest.Cpu, "me too", "otto");

        Assert.Equal(new OperatorChange { At = QueueUnderTest.Start, By = "anna", Reason = "a bad model" }, report.Pause);
        Assert.Single(queue.Events);
        queue.Resume(QueueUnderTest.Cpu);
        queue.Resume(QueueUnderTest.Cpu);
        Assert.Equal(2, queue.Events.Count);
    }

    [Fact]
    public void Should_reject_what_breaks_a_rule_and_change_nothing()
    {
        Assert.Equal(RefusalReason.Unknown, ((Refused)queue.Pause(new("nowhere"))).Reason);
        Assert.Equal("reason", ((Refused)queue.Pause(QueueUnderTest.Cpu, " ")).Field);
        Assert.Equal("by", ((Refused)queue.Pause(QueueUnderTest.Cpu, by: new string('x', 1001))).Field);
        Assert.Equal("per_worker", ((Refused)queue.SetLimits(QueueUnderTest.Cpu, new() { PerWorker = 0 })).Field);
        Assert.Equal("weight", ((Refused)queue.SetLimits(QueueUnderTest.Cpu, new() { Weight = double.NaN })).Field);
        Assert.Equal("timeout_seconds", ((Refused)queue.SetLimits(QueueUnderTest.Cpu, new() { TimeoutSeconds = 0.5 })).Field);
        Assert.Equal("unserved_after_seconds", ((Refused)queue.SetLimits(QueueUnderTest.Cpu, new() { UnservedAfterSeconds = 1e9 })).Field);
        Assert.Equal("limits", ((Refused)queue.SetLimits(QueueUnderTest.Cpu, new())).Field);
        Assert.Equal("reset", ((Refused)queue.SetLimits(QueueUnderTest.Cpu, new() { Weight = 1 }, QueueLimit.Weight)).Field);
        Assert.Empty(queue.Events);
    }

    [Fact]
    public void Should_ignore_an_older_copy_of_the_controls()
    {
        var fourth = new ApplyQueueControls { Partition = 1, Revision = 4, Queues = [new() { Queue = QueueUnderTest.Cpu }] };
        queue.Apply(QueueControlCommands.Decide(queue.State, fourth, queue.Now)!);

        Assert.Null(QueueControlCommands.Decide(queue.State, new ApplyQueueControls { Partition = 1, Revision = 4 }, queue.Now));
        Assert.Null(QueueControlCommands.Decide(queue.State, new ApplyQueueControls { Partition = 1, Revision = 3 }, queue.Now));
        Assert.NotNull(QueueControlCommands.Decide(queue.State, new ApplyQueueControls { Partition = 1, Revision = 5 }, queue.Now));
    }

    [Fact]
    public void Should_name_the_queues_that_opened()
    {
        var before = queue.State.Controls;
        queue.Pause(QueueUnderTest.Cpu);
        var paused = queue.State.Controls;
        Assert.Empty(QueueControlCommands.Opened(before, paused));
        queue.Resume(QueueUnderTest.Cpu);
        Assert.Equal(QueueUnderTest.Cpu, Assert.Single(QueueControlCommands.Opened(paused, queue.State.Controls)));
        var resumed = queue.State.Controls;
        queue.SetLimits(QueueUnderTest.Cpu, new() { PerWorker = 7 });
        Assert.Equal(QueueUnderTest.Cpu, Assert.Single(QueueControlCommands.Opened(resumed, queue.State.Controls)));
        Assert.Empty(QueueControlCommands.Opened(queue.State.Controls, queue.State.Controls));
    }
}
