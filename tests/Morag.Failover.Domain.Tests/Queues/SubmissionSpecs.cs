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
    public void Should_store_one_event_when_a_call_submits_many_tasks()
    {
        queue.Submit([.. Enumerable.Range(0, 100).Select(i => $"t{i}")]);

        Assert.Single(queue.Events);
        Assert.Equal(100, queue.State.UnfinishedCount);
    }

    [Fact]
    public void Should_accept_a_repeated_submission_when_its_content_is_the_same()
    {
        queue.Submit("a");
        var again = queue.Submit(QueueUnderTest.Task("a"))[0];

        Assert.Null(again.Refused);
        Assert.Equal(TaskState.Queued, again.State);
        Assert.Single(queue.Events);
    }

    [Fact]
    public void Should_report_the_current_state_when_a_finished_task_is_submitted_again()
    {
        queue.Submit("a");
        queue.Complete("w", "a", queue.Lease("w")[0].Epoch);

        Assert.Equal(TaskState.Succeeded, queue.Submit(QueueUnderTest.Task("a"))[0].State);
    }

    [Fact]
    public void Should_reject_with_a_conflict_when_a_known_id_comes_with_other_content()
    {
        queue.Submit("a");
        var again = queue.Submit(QueueUnderTest.Task("a") with { Priority = TaskPriority.High })[0];
        var inOneCall = queue.Submit(QueueUnderTest.Task("b"), QueueUnderTest.Task("b") with { Payload = JsonText.Trusted("3") });

        Assert.Equal(RefusalReason.Conflict, again.Refused!.Reason);
        Assert.Equal("priority", again.Refused.Field);
        Assert.Null(inOneCall[0].Refused);
        Assert.Equal(RefusalReason.Conflict, inOneCall[1].Refused!.Reason);
    }

    [Fact]
    public void Should_name_every_differing_field_when_a_known_id_comes_with_other_content()
    {
        var first = QueueUnderTest.Task("a");
        queue.Submit(first);
        TaskSubmission[] others =
        [
            first with { Queue = new("cpu_batch") },
            first with { Priority = TaskPriority.High },
            first with { Payload = JsonText.Trusted("3") },
            first with { Timeout = TimeSpan.FromSeconds(9) },
            first with { MaxRetries = 7 },
            first with { ContentType = "video" },
            first with { Quality = JsonText.Trusted("""{"a":1}""") },
            first with { ResourceRequirements = new() { DiskGb = 1 } },
            first with { EstimatedDuration = 5 },
        ];
        // A new field of a submission needs a line above and one in the comparison. The id and the trace are not content.
        Assert.Equal(typeof(TaskSubmission).GetProperties().Length - 2, others.Length);

        Assert.Equal(
            [
                "queue", "priority", "payload", "timeout_seconds", "max_retries", "content_type", "quality", "resource_requirements",
                "estimated_duration",
            ],
            others.SelectMany(other => queue.Submit(other)[0].Refused!.Fields));
        var both = queue.Submit(first with { Priority = TaskPriority.Low, MaxRetries = 7 })[0].Refused!;
        Assert.Equal((RefusalReason.Conflict, null), (both.Reason, both.Field));
        Assert.Contains("These fields differ: priority, max_retries.", both.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Should_keep_the_first_trace_and_grant_the_lease_with_it_when_a_task_is_submitted_again_with_another_one()
    {
        const string First = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        Assert.Null(queue.Submit(QueueUnderTest.Task("a") with { TraceParent = First })[0].Refused);

        var again = queue.Submit(QueueUnderTest.Task("a") with { TraceParent = First.Replace("-01", "-00", StringComparison.Ordinal) });

        Assert.Null(again[0].Refused);
        Assert.Equal(First, Assert.Single(queue.Lease("w")).TraceParent);
    }

    [Fact]
    public void Should_refuse_a_trace_that_breaks_the_rule()
    {
        var refused = queue.Submit(QueueUnderTest.Task("a") with { TraceParent = "00-zz" })[0].Refused!;

        Assert.Equal((RefusalReason.Invalid, "traceparent"), (refused.Reason, refused.Field));
    }

    [Fact]
    public void Should_name_the_field_and_the_limit_when_json_is_nested_too_deeply()
    {
        Assert.Null(queue.Submit(QueueUnderTest.Task("a") with { Payload = Nested(56), Quality = NestedObject(56) })[0].Refused);
        var payload = queue.Submit(QueueUnderTest.Task("b") with { Payload = Nested(57) })[0].Refused!;
        var quality = queue.Submit(QueueUnderTest.Task("b") with { Quality = NestedObject(57) })[0].Refused!;

        Assert.Equal(("payload", "payload may be nested at most 56 levels deep"), (payload.Field, payload.Message));
        Assert.Equal(("quality", "quality may be nested at most 56 levels deep"), (quality.Field, quality.Message));

        static JsonText Nested(int depth) => JsonText.Trusted(new string('[', depth) + new string(']', depth));
        static JsonText NestedObject(int depth) =>
            JsonText.Trusted(string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1));
    }

    [Fact]
    public void Should_apply_every_limit_to_bytes_of_utf8()
    {
        queue.Settings = queue.Settings with { Queues = new QueueSettings { MaxPayload = 1_024, MaxBytes = 2_000 } };
        JsonText Text(int bytes) => JsonText.Trusted($"\"{new string('ä', (bytes - 2) / 2)}\"");

        Assert.Equal(("payload", "payload may have at most 1024 bytes as compact JSON in UTF-8, not 1026"), Refusal("a", Text(1_026)));
        Assert.Equal((null, null), Refusal("a", Text(1_024)));
        Assert.Equal(1_024 + 2, queue.State.Size - "null".Length);
        Assert.Equal(RefusalReason.LimitReached, queue.Submit(QueueUnderTest.Task("b") with { Payload = Text(1_000) })[0].Refused!.Reason);

        (string? Field, string? Message) Refusal(string id, JsonText payload) =>
            queue.Submit(QueueUnderTest.Task(id) with { Payload = payload })[0].Refused is { } refused
                ? (refused.Field, refused.Message)
                : (null, null);
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
        Assert.Equal("payload", Refusal(QueueUnderTest.Task("a") with { Payload = JsonText.Trusted("\"\\ud800\"") }).Field);
        Assert.Equal("quality", Refusal(QueueUnderTest.Task("a") with { Quality = JsonText.Trusted("[1]") }).Field);
        Assert.Equal("quality", Refusal(
            QueueUnderTest.Task("a") with { Quality = JsonText.Trusted($$"""{"a":"{{new string('x', 16_384)}}"}""") }).Field);
        Assert.Equal("content_type", Refusal(QueueUnderTest.Task("a") with { ContentType = new string('x', 201) }).Field);
        Assert.Equal("estimated_duration", Refusal(QueueUnderTest.Task("a") with { EstimatedDuration = double.NaN }).Field);
        Assert.Equal(
            "resource_requirements", Refusal(QueueUnderTest.Task("a") with { ResourceRequirements = new() { DiskGb = double.NaN } }).Field);
        Assert.Empty(queue.Events);

        Refused Refusal(TaskSubmission task) => queue.Submit(task)[0].Refused!;
    }

    [Fact]
    public void Should_reject_a_task_when_it_belongs_to_another_partition()
    {
        queue.Settings = queue.Settings with { Partitions = new PartitionSettings { Queues = 4 } };
        var tasks = Enumerable.Range(0, 20).Select(i => QueueUnderTest.Task($"t{i}")).ToArray();

        var results = queue.Submit(tasks);

        Assert.All(results, result => Assert.Equal(Partition.Of(result.TaskId, 4) == 0 ? null : "partition", result.Refused?.Field));
        Assert.InRange(queue.State.UnfinishedCount, 1, 19);
    }

    [Fact]
    public void Should_reject_only_the_tasks_over_a_limit_and_name_its_setting()
    {
        queue.Settings = queue.Settings with { Queues = new QueueSettings { MaxTasks = 2 } };
        var byCount = queue.Submit(QueueUnderTest.Task("a"), QueueUnderTest.Task("b"), QueueUnderTest.Task("c"));
        queue.Settings = queue.Settings with { Queues = new QueueSettings { MaxBytes = 100 } };
        var byBytes = queue.Submit(QueueUnderTest.Task("d") with { Payload = JsonText.Trusted(new string('1', 120)) });

        Assert.Equal([null, null, RefusalReason.LimitReached], byCount.Select(result => result.Refused?.Reason));
        Assert.Equal(RefusalReason.LimitReached, byBytes[0].Refused!.Reason);
        Assert.Equal(
            "Queue partition 0 is full (2 unfinished tasks). Retry later or raise morag.failover.queues.max-tasks.",
            byCount[2].Refused!.Message);
        Assert.Contains(
            "Retry later or raise morag.failover.queues.max-bytes (now 100).", byBytes[0].Refused!.Message, StringComparison.Ordinal);
        Assert.Equal(2, queue.State.UnfinishedCount);
    }
}
