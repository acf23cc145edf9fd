using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class BoundsSpecs
{
    private readonly QueueUnderTest queue = new();

    private void Finish(params string[] tasks)
    {
        queue.Submit(tasks);
        foreach (var lease in queue.Lease("w", tasks.Length))
        {
            queue.Complete("w", lease.TaskId.Value, lease.Epoch);
        }
    }

    [Fact]
    public void Should_form_one_batch_of_outcomes_and_hold_the_rest_for_the_next()
    {
        Finish("a", "b", "c");
        Assert.Equal((1L, "a"), (queue.BatchFor("w")!.Number, Assert.Single(queue.BatchFor("w")!.Outcomes).TaskId.Value));

        queue.Acknowledge("w");
        Assert.Equal((2L, 2), (queue.BatchFor("w")!.Number, queue.BatchFor("w")!.Outcomes.Length));
        Assert.Null(OutcomeDelivery.Decide(queue.State, [new OutcomesReceived { Partition = 0, WorkerId = new("w"), Number = 1 }]));

        queue.Acknowledge("w");
        Assert.Null(queue.BatchFor("w"));
        Finish("d");
        Assert.Equal(3, queue.BatchFor("w")!.Number);
    }

    [Fact]
    public void Should_forget_the_oldest_finished_tasks_and_keep_counters_and_epochs()
    {
        queue.Settings = queue.Settings with { Queues = new QueueSettings { FinishedKept = 2 } };
        Finish("a", "b", "c", "d");
        queue.Apply(TaskRetention.Decide(queue.State, queue.Settings.Queues, slack: 1, most: 500, queue.Now)!);

        Assert.Equal(["c", "d"], queue.State.Tasks.Values.Select(task => task.TaskId.Value));
        Assert.Equal(4, queue.State.Counters[QueueUnderTest.Cpu].Completed);
        Assert.Null(TaskRetention.Decide(queue.State, queue.Settings.Queues, 1, 500, queue.Now));
        queue.Submit("a");
        Assert.Equal(5, queue.Lease("w")[0].Epoch.Value);
    }

    [Fact]
    public void Should_forget_finished_tasks_by_age_and_by_size()
    {
        Finish("a", "b");
        Assert.Null(TaskRetention.Decide(queue.State, queue.Settings.Queues, 0, 500, queue.Now));
        Assert.Equal(2, TaskRetention.Decide(queue.State, queue.Settings.Queues, 0, 500, queue.Now.AddDays(8))!.Count);
        Assert.Equal(
            1, TaskRetention.Decide(queue.State, new QueueSettings { FinishedBytesKept = queue["b"].Size }, 0, 500, queue.Now)!.Count);
    }

    [Fact]
    public void Should_count_failures_and_history_toward_the_byte_limit()
    {
        queue.Settings = queue.Settings with { Queues = new QueueSettings { MaxBytes = 100_000 } };
        queue.Submit("a", "b");
        var fresh = queue.State.Size;
        for (var i = 0; i < 200; i++)
        {
            var lease = queue.Lease("w")[0];
            queue.Apply(new LeasesEnded
            {
                At = queue.Now,
                Leases =
                [
                    new()
                    {
                        TaskId = lease.TaskId,
                        Failure = new()
                        {
                            Epoch = lease.Epoch,
                            FailureType = FailureType.NetworkFailure,
                            WorkerId = new("w"),
                            ErrorMessage = new string('é', 4_000),
                        },
                    },
                ],
            });
            Assert.True(queue.State.Size - fresh > 8_000, "the text of a pending failure counts in full");
            queue.Reassign(lease.TaskId.Value);
        }

        Assert.InRange(queue.State.Size, 20_000, 50_000);
        Assert.Equal(RefusalReason.LimitReached, queue.Submit(
            QueueUnderTest.Task("c") with { Payload = JsonText.Trusted(new string('1', 90_000)) })[0].Refused?.Reason);
        Assert.All(queue["a"].History, entry => Assert.InRange(entry.Detail?.Length ?? 0, 0, 501));
    }

    [Fact]
    public void Should_count_late_results_of_finished_tasks_toward_the_byte_limit()
    {
        Finish("a");
        Assert.Equal(queue["a"].Size, queue.State.FinishedSize);
        queue.Complete("late", "a", queue["a"].Lease!.Epoch.Next());
        Assert.Equal(queue["a"].Size, queue.State.FinishedSize);
    }

    [Fact]
    public void Should_keep_the_first_and_last_entries_when_a_history_is_full()
    {
        queue.Submit("a");
        for (var i = 0; i < 100; i++)
        {
            queue.Release("w", "a", queue.Lease("w")[0].Epoch);
        }

        var history = queue["a"].History;
        Assert.Equal(50, history.Length);
        Assert.Equal(1, history[0].Epoch!.Value.Value);
        Assert.Equal(100, history[^1].Epoch!.Value.Value);
    }

    [Fact]
    public void Should_list_tasks_sorted_by_id_and_continue_after_a_given_id()
    {
        queue.Submit("b", "a", "d", "c");
        queue.Lease("w");
        var page = TaskQueries.List(
            queue.State, new ListTasks { Partition = 0, After = new TaskId("a"), Limit = 2 }, queue.Settings.Policy);
        var held = TaskQueries.List(
            queue.State, new ListTasks { Partition = 0, Filter = new TaskFilter { Worker = new WorkerId("w") } }, queue.Settings.Policy);

        Assert.Equal(["b", "c"], page.Tasks.Select(task => task.TaskId.Value));
        Assert.Equal(["b"], held.Tasks.Select(task => task.TaskId.Value));
        Assert.Equal(["submitted", "leased"], TaskQueries.Find(
            queue.State, new TaskId("b"), queue.Settings.Policy)!.History.Select(entry => entry.What));
    }

    [Fact]
    public void Should_omit_finished_tasks_when_only_unfinished_ones_are_requested()
    {
        queue.Submit("done", "open");
        queue.Complete("w", "done", queue.Lease("w")[0].Epoch);

        var open = TaskQueries.List(queue.State, new ListTasks { Partition = 0, OnlyUnfinished = true }, queue.Settings.Policy);

        Assert.Equal("open", Assert.Single(open.Tasks).TaskId.Value);
    }

    [Fact]
    public void Should_report_exact_means_for_each_queue()
    {
        queue.Submit("a", "b", "c");
        queue.Pass(120);
        var leases = queue.Lease("w", 2);
        queue.Pass(60);
        queue.Complete("w", "a", leases[0].Epoch);
        queue.Fleet = QueueUnderTest.FleetOf("w", "v");
        var stats = QueueStatistics.Of(
            queue.State, queue.Fleet, true, queue.Settings.Queues).Queues.Single(stats => stats.QueueType == QueueUnderTest.Cpu);

        Assert.Equal((3L, 1, 1, 1L), (stats.TotalTasks, stats.PendingTasks, stats.ProcessingTasks, stats.CompletedTasks));
        Assert.Equal((2.0, 1.0, 2, false), (stats.AverageWaitTime, stats.AverageProcessingTime, stats.WorkerCount, stats.Unserved));
    }
}
