using System.Globalization;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Accepts new tasks, each once, however often its submission is repeated.</summary>
public static class Submission
{
    /// <summary>Accepts valid tasks within the limits. A repeated submission with the same content succeeds.</summary>
    public static Decision<TasksSubmitted> Decide(QueueState state, SubmitTasks command, FailoverSettings settings, DateTimeOffset now)
    {
        var limits = settings.Queues;
        var results = ImmutableArray.CreateBuilder<SubmissionResult>(command.Tasks.Length);
        var accepted = ImmutableArray.CreateBuilder<TaskSubmission>(command.Tasks.Length);
        var inThisCall = command.Tasks.Length > 1 ? new Dictionary<TaskId, TaskSubmission>(command.Tasks.Length) : null;
        var open = state.UnfinishedCount;
        var size = state.Size;
        foreach (var task in command.Tasks)
        {
            var result = new SubmissionResult { TaskId = task.TaskId };
            if ((BrokenRule(task, limits) ?? Misdirected(task, command.Partition, settings.Partitions)) is { } broken)
            {
                results.Add(result with { Refused = broken });
                continue;
            }

            var known = state.Tasks.GetValueOrDefault(task.TaskId);
            var first = known?.Submission ?? inThisCall?.GetValueOrDefault(task.TaskId);
            if (first is not null)
            {
                var differing = Differences(first, task);
                results.Add(differing.IsEmpty
                    ? result with { State = known?.State ?? TaskState.Queued }
                    : result with { Refused = OtherContent(task.TaskId, differing) });
                continue;
            }

            var taskSize = task.Payload.Length + task.Quality.Length;
            if (open >= limits.MaxTasks || size + taskSize > limits.MaxBytes)
            {
                results.Add(result with { Refused = PartitionFull(command.Partition, open, size, taskSize, limits) });
                continue;
            }

            open++;
            size += taskSize;
            inThisCall?.Add(task.TaskId, task);
            accepted.Add(task);
            results.Add(result with { State = TaskState.Queued });
        }

        return new(
            accepted.Count == 0 ? null : new TasksAccepted { At = now, Tasks = accepted.DrainToImmutable() },
            new TasksSubmitted { Results = results.MoveToImmutable() });
    }

    /// <summary>Queues the tasks.</summary>
    public static QueueState Apply(QueueState state, TasksAccepted @event)
    {
        var edit = new QueueEdit(state);
        foreach (var submission in @event.Tasks)
        {
            edit.Put(new TaskRecord
            {
                Submission = submission,
                Order = ++edit.LastOrder,
                SubmittedAt = @event.At,
                QueuedSince = @event.At,
                State = TaskState.Queued,
                Queue = submission.Queue,
                Quality = submission.Quality,
                Result = JsonText.Null,
                Budgets = TaskBudgets.Unused,
            });
        }

        return edit.ToState();
    }

    private static Refused? BrokenRule(TaskSubmission task, QueueSettings settings)
    {
        if (!Identifier.IsValid(task.TaskId.Value))
        {
            return Refused.Invalid("task_id", $"task_id must be {Identifier.Rule}");
        }

        if (task.Queue.Value is null || settings.Find(task.Queue) is null)
        {
            return Refused.Invalid(
                "queue", $"queue must be one of {string.Join(", ", settings.Definitions.Select(queue => queue.Name.Value))}");
        }

        if (!Enum.IsDefined(task.Priority))
        {
            return Refused.Invalid("priority", "priority must be 10 (urgent), 8 (high), 5 (normal), 3 (low) or 1 (batch)");
        }

        if (task.Payload.BrokenRule(settings.MaxPayload) is { } payloadRule)
        {
            return Refused.Invalid("payload", $"payload {payloadRule}");
        }

        if (task.Quality.BrokenObjectRule(TaskLimits.MaxQualityBytes) is { } qualityRule)
        {
            return Refused.Invalid("quality", $"quality {qualityRule}");
        }

        if (task.TraceParent is { } trace && !TraceParent.IsValid(trace))
        {
            return Refused.Invalid("traceparent", $"traceparent {TraceParent.Rule}");
        }

        return BrokenByNumber(task);
    }

    private static Refused? BrokenByNumber(TaskSubmission task)
    {
        if (task.Timeout is { TotalSeconds: < TaskLimits.MinTimeoutSeconds or > TaskLimits.MaxTimeoutSeconds })
        {
            return Refused.Invalid(
                "timeout_seconds", $"timeout_seconds must be {TaskLimits.MinTimeoutSeconds} to {TaskLimits.MaxTimeoutSeconds} (30 days)");
        }

        if (task.MaxRetries is < 0 or > TaskLimits.MaxRetries)
        {
            return Refused.Invalid("max_retries", $"max_retries must be 0 to {TaskLimits.MaxRetries}");
        }

        if (TextBytes.BrokenRule(task.ContentType ?? "", TaskLimits.MaxContentTypeBytes) is { } textRule)
        {
            return Refused.Invalid("content_type", $"content_type {textRule}");
        }

        if (task.ResourceRequirements is not
            { MemoryGb: >= 0 and <= TaskLimits.MaxResourceGb, DiskGb: >= 0 and <= TaskLimits.MaxResourceGb })
        {
            return Refused.Invalid("resource_requirements", $"memory_gb and disk_gb must be 0 to {TaskLimits.MaxResourceGb}");
        }

        return task.EstimatedDuration is not (null or (>= 0 and <= TaskLimits.MaxEstimatedMinutes))
            ? Refused.Invalid("estimated_duration", $"estimated_duration must be 0 to {TaskLimits.MaxEstimatedMinutes} minutes")
            : null;
    }

    /// <summary>In another partition nothing would find the task: neither a repeated submission nor a reader.</summary>
    private static Refused? Misdirected(TaskSubmission task, int partition, PartitionSettings partitions) =>
        Partition.Of(task.TaskId, partitions.Queues) is var owner && owner != partition
            ? Refused.Invalid("partition", $"Task {task.TaskId} belongs to partition {owner} of {partitions.Queues}. Send it there.")
            : null;

    private static Refused PartitionFull(int partition, int unfinished, long size, int taskSize, QueueSettings limits) =>
        Refused.LimitReached(unfinished >= limits.MaxTasks
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"Queue partition {partition} is full ({unfinished:N0} unfinished tasks). "
                + $"Retry later or raise morag.failover.queues.max-tasks.")
            : string.Create(
                CultureInfo.InvariantCulture,
                $"Queue partition {partition} is full: its tasks hold {size:N0} bytes and this one adds {taskSize:N0}. "
                + $"Retry later or raise morag.failover.queues.max-bytes (now {limits.MaxBytes:N0})."));

    private static Refused OtherContent(TaskId task, ImmutableArray<string> differing) =>
        Refused.Conflict(
            $"Task {task} was submitted before with other content. These fields differ: {string.Join(", ", differing)}. "
            + "Use another task_id for other work.") with
        {
            Field = differing.Length == 1 ? differing[0] : null,
            Fields = differing,
        };

    /// <summary>The fields in which two submissions differ, by their wire names.</summary>
    private static ImmutableArray<string> Differences(TaskSubmission first, TaskSubmission again)
    {
        var differing = ImmutableArray.CreateBuilder<string>();
        Compare("queue", first.Queue == again.Queue);
        Compare("priority", first.Priority == again.Priority);
        Compare("payload", first.Payload == again.Payload);
        Compare("timeout_seconds", first.Timeout == again.Timeout);
        Compare("max_retries", first.MaxRetries == again.MaxRetries);
        Compare("content_type", first.ContentType == again.ContentType);
        Compare("quality", first.Quality == again.Quality);
        Compare("resource_requirements", first.ResourceRequirements == again.ResourceRequirements);
        Compare("estimated_duration", first.EstimatedDuration == again.EstimatedDuration);
        return differing.DrainToImmutable();

        void Compare(string field, bool same)
        {
            if (!same)
            {
                differing.Add(field);
            }
        }
    }
}

/// <summary>Tasks were accepted.</summary>
[ProtoContract(Name = "queue.tasks-accepted")]
public sealed record TasksAccepted : IStoredEvent
{
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }
    [ProtoMember(2)] public ImmutableArray<TaskSubmission> Tasks { get; init; } = [];
}
