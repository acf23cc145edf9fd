using System.Text;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class ProgressReportsSpecs
{
    private static readonly JsonText Page3 = JsonText.Trusted("""{"page":3}""");

    private readonly QueueUnderTest queue = new();
    private WaitingProgress waiting = WaitingProgress.None;

    private TaskProgress? Stored => queue["a"].Progress;

    [Fact]
    public void Should_store_the_first_report_of_a_lease_at_once()
    {
        var epoch = Leased();

        Assert.True(Report(epoch, 40, "page 3", Page3).Stored);
        Assert.Equal(
            new TaskProgress
            {
                Percent = 40,
                Message = "page 3",
                At = queue.Now,
                WorkerId = new("w"),
                Epoch = epoch,
                Attempt = 1,
                Checkpoint = Page3,
                CheckpointEpoch = epoch,
                CheckpointAt = queue.Now,
            },
            Stored);
        Assert.Equal(Stored, TaskQueries.Find(queue.State, new("a"), queue.Settings.Policy)?.Progress);
    }

    [Fact]
    public void Should_store_only_the_newest_report_of_an_interval_when_they_come_fast()
    {
        var epoch = Leased();
        Report(epoch, 1);
        for (var percent = 2; percent <= 50; percent++)
        {
            queue.Pass(0.05);
            Assert.False(Report(epoch, percent).Stored);
        }

        Assert.Equal(1, Stored!.Percent);
        Assert.Null(ProgressReports.DecideDue(queue.State, waiting, queue.Settings.Queues, queue.Now));
        Assert.Equal(Stored.At + queue.Settings.Queues.ProgressInterval, NextDue);
        queue.Pass(2.6);
        StoreDue();

        Assert.Equal(50, Stored!.Percent);
        Assert.True(waiting.IsEmpty);
        Assert.Equal(2, queue.Events.OfType<ProgressReported>().Count());
        Assert.Null(NextDue);
    }

    [Fact]
    public void Should_keep_what_a_report_does_not_mention()
    {
        var epoch = Leased();
        Report(epoch, checkpoint: Page3);
        Report(epoch, 40);
        Report(epoch, message: "page 4");
        queue.Pass(6);
        StoreDue();

        Assert.Equal((40, "page 4", Page3), (Stored!.Percent, Stored.Message, Stored.Checkpoint!.Value));
    }

    [Fact]
    public void Should_change_nothing_when_a_report_is_repeated()
    {
        var epoch = Leased();
        Report(epoch, 40, "page 3", Page3);
        queue.Pass(60);
        Assert.True(Report(epoch, 40, "page 3", Page3).Stored);
        Report(epoch, 41);
        queue.Pass(1);
        Report(epoch, 42);
        Assert.False(Report(epoch, 42).Stored);

        Assert.Equal(2, queue.Events.OfType<ProgressReported>().Count());
        Assert.Equal(1, waiting.Count);
    }

    [Theory]
    [InlineData("released")]
    [InlineData("failed")]
    [InlineData("timed out")]
    [InlineData("lost")]
    [InlineData("returned")]
    [InlineData("completed")]
    [InlineData("cancelled")]
    public void Should_store_the_last_report_before_its_lease_ends(string ending)
    {
        var epoch = Leased();
        Report(epoch, 10, checkpoint: JsonText.Trusted("1"));
        queue.Pass(1);
        Report(epoch, 20, checkpoint: JsonText.Trusted("2"));
        var before = queue.State;
        End(ending, epoch);
        var ended = queue.Events[^1];

        var last = Assert.Single(ProgressReports.DecideBefore(ended, waiting)!.Tasks);
        Assert.Equal((20, "2"), (last.Progress.Percent, last.Progress.Checkpoint!.Value.Raw));
        var stored = QueueEvents.Apply(before, ProgressReports.DecideBefore(ended, waiting)!);
        Assert.Equal(20, QueueEvents.Apply(stored, ended).Tasks[new("a")].Progress!.Percent);
    }

    [Fact]
    public void Should_hand_the_checkpoint_to_the_next_attempt_and_show_whose_progress_it_is()
    {
        var epoch = Leased();
        Report(epoch, 40, "page 3", Page3);
        queue.Fail("a", "w", epoch);
        queue.Reassign("a");
        var next = Assert.Single(queue.Lease("w2"));
        Assert.Equal(Page3, next.Checkpoint);
        Assert.Equal((40, 1), (Stored!.Percent, Stored.Attempt));
        Report(next.Epoch, message: "starting", worker: "w2");

        Assert.Equal((null, "starting", 2, new WorkerId("w2")), (Stored.Percent, Stored.Message, Stored.Attempt, Stored.WorkerId));
        Assert.Equal((Page3, epoch), (Stored.Checkpoint!.Value, Stored.CheckpointEpoch!.Value));
    }

    [Fact]
    public void Should_repeat_leases_without_what_they_have_reported_themselves_because_that_may_not_fit()
    {
        queue.Submit("a");
        var epoch = Assert.Single(queue.Lease("w", request: "r")).Epoch;
        Report(epoch, checkpoint: Page3);

        Assert.Null(Assert.Single(queue.Lease("w", request: "r")).Checkpoint);
    }

    [Fact]
    public void Should_reject_reports_of_anyone_but_the_holder()
    {
        var epoch = Leased();
        Assert.Equal(RefusalReason.Conflict, Report(epoch, 10, worker: "other").Refused!.Reason);
        Assert.Equal(RefusalReason.Conflict, Report(epoch.Next(), 10).Refused!.Reason);
        queue.Fail("a", "w", epoch);
        queue.Reassign("a");
        Assert.Contains("queued", Report(epoch, 10).Refused!.Message, StringComparison.Ordinal);
        queue.Lease("w2");
        var late = Report(epoch, 90, checkpoint: JsonText.Trusted("9"));

        Assert.Contains("leased to w2", late.Refused!.Message, StringComparison.Ordinal);
        Assert.Null(Stored);
        Assert.True(waiting.IsEmpty);
        Assert.Empty(queue.Events.OfType<ProgressReported>());
        Assert.Equal(RefusalReason.Unknown, Report(epoch, 10, task: "none").Refused!.Reason);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(-0.001)]
    [InlineData(100.001)]
    public void Should_reject_a_percentage_that_is_none(double percent) =>
        Assert.Equal("percent", Report(Leased(), percent).Refused!.Field);

    [Fact]
    public void Should_reject_reports_that_say_nothing_or_are_too_large_or_no_json()
    {
        var epoch = Leased();
        Assert.Equal("percent", Report(epoch).Refused!.Field);
        Assert.Equal("message", Report(epoch, message: new string('ä', 501)).Refused!.Field);
        Assert.Null(Report(epoch, message: new string('ä', 500)).Refused);
        Assert.Equal("checkpoint", Report(epoch, checkpoint: JsonText.Trusted("{ not json")).Refused!.Field);
        Assert.Equal("checkpoint", Report(epoch, checkpoint: OfBytes(TaskLimits.MaxCheckpointBytes + 1)).Refused!.Field);
        Assert.Null(Report(epoch, checkpoint: OfBytes(TaskLimits.MaxCheckpointBytes)).Refused);
        var deep = JsonText.Trusted(new string('[', 57) + new string(']', 57));
        Assert.Equal("checkpoint", Report(epoch, checkpoint: deep).Refused!.Field);
    }

    [Fact]
    public void Should_count_stored_checkpoints_as_bytes_of_the_partition_and_drop_them_when_the_task_finishes()
    {
        var epoch = Leased();
        var before = queue.State.Size;
        Report(epoch, 100, checkpoint: OfBytes(10_000));
        Assert.InRange(queue.State.Size - before, 10_000, 10_200);
        queue.Complete("w", "a", epoch);

        Assert.Null(Stored!.Checkpoint);
        Assert.Equal(100, Stored.Percent);
        Assert.InRange(queue.State.Size - before, 0, 400);
    }

    [Fact]
    public void Should_reject_a_checkpoint_and_keep_the_lease_when_the_partition_is_full()
    {
        var epoch = Leased();
        queue.Settings = queue.Settings with { Queues = queue.Settings.Queues with { MaxBytes = queue.State.Size + 5_000 } };

        var full = Report(epoch, 40, checkpoint: OfBytes(10_000)).Refused!;
        Assert.Equal(RefusalReason.LimitReached, full.Reason);
        Assert.Contains("max-bytes", full.Message, StringComparison.Ordinal);
        Assert.True(Report(epoch, 40).Stored);
        Assert.Equal(TaskState.Leased, queue["a"].State);
    }

    [Fact]
    public void Should_bound_what_waits_and_store_it_in_events_that_fit()
    {
        queue.Submit([.. Enumerable.Range(0, 1_200).Select(n => QueueUnderTest.Task($"t{n:0000}"))]);
        var leases = new List<LeasedTask>();
        QueueRoom room = new() { Queue = QueueUnderTest.Cpu, Cap = 1_200 };
        var request = QueueUnderTest.Request("w", 1_200, rooms: room) with { MaxHeld = 1_200 };
        while (queue.Grant(request) is { IsEmpty: false } more)
        {
            leases.AddRange(more);
        }

        var refused = 0;
        foreach (var lease in leases)
        {
            Assert.True(Report(lease.Epoch, 1, task: lease.TaskId.Value).Stored);
            refused += Report(lease.Epoch, 2, checkpoint: OfBytes(16_000), task: lease.TaskId.Value).Refused is null ? 0 : 1;
        }

        Assert.InRange(waiting.Bytes, ProgressReports.MostWaitingBytes - 17_000, ProgressReports.MostWaitingBytes);
        Assert.Equal(1_200, waiting.Count + refused);
        queue.Events.Clear();
        queue.Pass(6);
        Assert.True(
            Report(leases[^1].Epoch, 3, checkpoint: OfBytes(16_000), task: leases[^1].TaskId.Value).Stored,
            "A report that is due does not wait, so it does not matter how many do.");
        StoreDue();

        Assert.True(waiting.IsEmpty);
        Assert.Equal(0, waiting.Bytes);
        Assert.All(queue.Events.Cast<ProgressReported>(), part => Assert.InRange(part.Tasks.Length, 1, 66));
    }

    [Fact]
    public void Should_let_reports_wait_while_the_store_is_behind_and_when_the_clock_was_set_back_store_them()
    {
        var epoch = Leased();
        var behind = ProgressReports.Decide(
            queue.State, waiting, Message(epoch, 10), queue.Settings.Queues, isStoreBehind: true, queue.Now);
        Assert.Null(behind.Event);
        Assert.False(behind.Reply.Results[0].Stored);
        Assert.NotNull(ProgressReports.DecideDue(queue.State, behind.Waiting, queue.Settings.Queues, queue.Now));

        Report(epoch, 20);
        queue.Pass(-3600);
        Assert.True(Report(epoch, 30).Stored);
    }

    private DateTimeOffset? NextDue => ProgressReports.NextDue(queue.State, waiting, queue.Settings.Queues);

    private static JsonText OfBytes(int bytes) => JsonText.Trusted(Encoding.UTF8.GetBytes($"\"{new string('c', bytes - 2)}\""));

    private LeaseEpoch Leased()
    {
        queue.Submit(QueueUnderTest.Task("a") with { Timeout = TimeSpan.FromHours(2) });
        return queue.Lease("w")[0].Epoch;
    }

    private static ReportProgress Message(
        LeaseEpoch epoch,
        double? percent = null,
        string? message = null,
        JsonText? checkpoint = null,
        string worker = "w",
        string task = "a") =>
        new()
        {
            TaskId = new(task),
            WorkerId = new(worker),
            Epoch = epoch,
            Percent = percent,
            Message = message,
            Checkpoint = checkpoint,
        };

    private LeaseResult Report(
        LeaseEpoch epoch,
        double? percent = null,
        string? message = null,
        JsonText? checkpoint = null,
        string worker = "w",
        string task = "a")
    {
        var decided = ProgressReports.Decide(
            queue.State,
            waiting,
            Message(epoch, percent, message, checkpoint, worker, task),
            queue.Settings.Queues,
            isStoreBehind: false,
            queue.Now);
        waiting = decided.Waiting;
        return queue.Do(new Decision<LeaseResults>(decided.Event, decided.Reply)).Results[0];
    }

    private void StoreDue()
    {
        while (ProgressReports.DecideDue(queue.State, waiting, queue.Settings.Queues, queue.Now) is { } due)
        {
            waiting = waiting.Without(due);
            queue.Apply(due);
        }
    }

    private void End(string ending, LeaseEpoch epoch)
    {
        switch (ending)
        {
            case "released":
                queue.Release("w", "a", epoch);
                break;
            case "failed":
                queue.Fail("a", "w", epoch);
                break;
            case "timed out":
                queue.Pass(7200);
                queue.ApplyDue();
                break;
            case "lost":
                queue.Fence("w", 1, FenceKind.Proven);
                break;
            case "returned":
                queue.Fence("w", 1, FenceKind.Returned);
                break;
            case "completed":
                queue.Complete("w", "a", epoch);
                break;
            case "cancelled":
                queue.Do(OperatorCommands.Decide(queue.State, new CancelTask { TaskId = new("a") }, queue.Now));
                break;
        }

        Assert.NotEqual(TaskState.Leased, queue["a"].State);
    }
}
