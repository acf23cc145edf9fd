using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Queues;

public sealed class SubmissionSpecs
{
    private readonly QueueUnderTest queue = new();

    [Fact]
    public void Should_store_one_event_when_a_call_brings_many_tasks()
    {
        queue.Submit([.. Enumerable.Range(0, 100).Select(i => $"t{i}")]);

        Assert.Single(queue.Events);
        Assert.Equal(100, queue.State.OpenCount);
    }

    [Fact]
    public void Should_answer_as_the_first_time_when_the_same_content_comes_again()
    {
        queue.Submit("a");
        var again = queue.Submit(QueueUnderTest.Task("a"))[0];

        Assert.Null(again.Refused);
        Assert.Equal(TaskState.Queued, again.State);
        Assert.Single(queue.Events);
    }

    [Fact]
    public void Should_tell_the_present_state_when_the_task_has_ended()
    {
        queue.Submit("a");
        queue.Complete("w", "a", queue.Lease("w")[0].Epoch);

        Assert.Equal(TaskState.Succeeded, queue.Submit(QueueUnderTest.Task("a"))[0].State);
    }

    [Fact]
    public void Should_refuse_as_conflict_when_other_content_comes_under_a_known_id()
    {
        queue.Submit("a");
        var again = queue.Submit(QueueUnderTest.Task("a") with { Priority = TaskPriority.High })[0];
        var inOneCall = queue.Submit(QueueUnderTest.Task("b"), QueueUnderTest.Task("b") with { Payload = JsonText.Trusted("3") });

        Assert.Equal(RefusalReason.Conflict, again.Refused!.Reason);
        Assert.Null(inOneCall[0].Refused);
        Assert.Equal(RefusalReason.Conflict, inOneCall[1].Refused!.Reason);
    }

    [Fact]
    public void Should_name_the_field_when_a_rule_is_broken()
    {
        Assert.Equal("queue", Refusal(QueueUnderTest.Task("a", new QueueName("nowhere"))).Field);
        Assert.Equal("task_id", Refusal(QueueUnderTest.Task("a b")).Field);
        Assert.Equal("task_id", Refusal(QueueUnderTest.Task("a") with { TaskId = default }).Field);
        Assert.Equal("timeout_seconds", Refusal(QueueUnderTest.Task("a") with { Timeout = TimeSpan.FromMilliseconds(1) }).Field);
        Assert.Equal("priority", Refusal(QueueUnderTest.Task("a") with { Priority = (TaskPriority)7 }).Field);
        Assert.Equal("max_retries", Refusal(QueueUnderTest.Task("a") with { MaxRetries = -1 }).Field);
        Assert.Equal("payload", Refusal(QueueUnderTest.Task("a") with { Payload = JsonText.Trusted(new string('1', 300_000)) }).Field);
        Assert.Equal("payload", Refusal(QueueUnderTest.Task("a") with { Payload = JsonText.Trusted("{ not json") }).Field);
        Assert.Equal("quality", Refusal(QueueUnderTest.Task("a") with { Quality = JsonText.Trusted("[1]") }).Field);
        Assert.Empty(queue.Events);

        Refused Refusal(TaskSubmission task) => queue.Submit(task)[0].Refused!;
    }

    [Fact]
    public void Should_refuse_a_task_that_belongs_to_another_partition()
    {
        queue.Settings = queue.Settings with { Partitions = new PartitionSettings { Queues = 4 } };
        var tasks = Enumerable.Range(0, 20).Select(i => QueueUnderTest.Task($"t{i}")).ToArray();

        var results = queue.Submit(tasks);

        Assert.All(results, result => Assert.Equal(Partition.Of(result.TaskId, 4) == 0 ? null : "partition", result.Refused?.Field));
        Assert.InRange(queue.State.OpenCount, 1, 19);
    }

    [Fact]
    public void Should_refuse_what_is_over_the_limits_and_keep_the_rest()
    {
        queue.Settings = queue.Settings with { Queues = new QueueSettings { MaxTasks = 2 } };
        var byCount = queue.Submit(QueueUnderTest.Task("a"), QueueUnderTest.Task("b"), QueueUnderTest.Task("c"));
        queue.Settings = queue.Settings with { Queues = new QueueSettings { MaxBytes = 100 } };
        var byBytes = queue.Submit(QueueUnderTest.Task("d") with { Payload = JsonText.Trusted(new string('1', 120)) });

        Assert.Equal([null, null, RefusalReason.LimitReached], byCount.Select(result => result.Refused?.Reason));
        Assert.Equal(RefusalReason.LimitReached, byBytes[0].Refused!.Reason);
        Assert.Equal(2, queue.State.OpenCount);
    }
}
