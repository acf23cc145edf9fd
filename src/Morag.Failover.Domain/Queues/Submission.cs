using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Partitioning;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>Taking tasks in: each once, whatever its submission is repeated.</summary>
public static class Submission
{
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromDays(30);
    private const int MostRetries = 100;

    /// <summary>Accepts what keeps the rules and the limits, and what is known with the same content.</summary>
    public static Decided<TasksSubmitted> Decide(QueueState state, SubmitTasks command, FailoverSettings settings, DateTimeOffset now)
    {
        var limits = settings.Queues;
        var results = ImmutableArray.CreateBuilder<SubmissionResult>(command.Tasks.Length);
        var accepted = ImmutableArray.CreateBuilder<TaskSubmission>(command.Tasks.Length);
        var inThisCall = command.Tasks.Length > 1 ? new Dictionary<TaskId, TaskSubmission>(command.Tasks.Length) : null;
        var open = state.OpenCount;
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
                results.Add(SameContent(first, task)
                    ? result with { State = known?.State ?? TaskState.Queued }
                    : result with { Refused = Refused.Conflict($"task {task.TaskId} was submitted with other content before") });
                continue;
            }

            var taskSize = task.Payload.Length + task.Quality.Length;
            if (open >= limits.MaxTasks || size + taskSize > limits.MaxBytes)
            {
                results.Add(result with
                {
                    Refused = Refused.LimitReached(open >= limits.MaxTasks
                        ? $"{open} tasks have not ended; the limit is {limits.MaxTasks}"
                        : $"tasks hold {size} bytes; the limit is {limits.MaxBytes}"),
                });
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

    /// <summary>The state with the tasks queued.</summary>
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
            });
        }

        return edit.Done();
    }

    private static Refused? BrokenRule(TaskSubmission task, QueueSettings settings)
    {
        if (!Identifier.IsValid(task.TaskId.Value))
        {
            return Refused.Invalid("task_id", $"task_id must be {Identifier.Rule}");
        }

        if (task.Queue.Value is null || settings.Find(task.Queue) is null)
        {
            return Refused.Invalid("queue", $"queue must be one of {string.Join(", ", settings.Definitions.Select(queue => queue.Name.Value))}");
        }

        if (!Enum.IsDefined(task.Priority))
        {
            return Refused.Invalid("priority", "priority must be 10 (urgent), 8 (high), 5 (normal), 3 (low) or 1 (batch)");
        }

        if (task.Payload.Length > settings.MaxPayload)
        {
            return Refused.Invalid("payload", $"payload must have at most {settings.MaxPayload} bytes as compact JSON in UTF-8");
        }

        if (task.Quality.Length > settings.MaxPayload)
        {
            return Refused.Invalid("quality", $"quality must have at most {settings.MaxPayload} bytes as compact JSON in UTF-8");
        }

        if (!task.Payload.IsWellFormed())
        {
            return Refused.Invalid("payload", "payload must be JSON");
        }

        if (!(task.Quality.IsNull || task.Quality.IsObject()))
        {
            return Refused.Invalid("quality", "quality must be a JSON object");
        }

        if (task.Timeout is { } timeout && (timeout < ShortestTimeout || timeout > LongestTimeout))
        {
            return Refused.Invalid("timeout_seconds", "timeout_seconds must be 1 to 2592000 (30 days)");
        }

        if (task.MaxRetries is < 0 or > MostRetries)
        {
            return Refused.Invalid("max_retries", $"max_retries must be 0 to {MostRetries}");
        }

        if (task.ResourceRequirements is not { MemoryGb: >= 0, DiskGb: >= 0 })
        {
            return Refused.Invalid("resource_requirements", "memory_gb and disk_gb must be 0 or more");
        }

        return null;
    }

    /// <summary>In another partition nobody would look for it: not its id's next submission, and not its reader.</summary>
    private static Refused? Misdirected(TaskSubmission task, int partition, PartitionSettings partitions) =>
        Partition.Of(task.TaskId, partitions.Queues) is var owner && owner != partition
            ? Refused.Invalid("partition", $"task {task.TaskId} belongs to partition {owner} of {partitions.Queues}")
            : null;

    private static bool SameContent(TaskSubmission first, TaskSubmission again) =>
        first.Payload == again.Payload
        && first.Quality == again.Quality
        && (first with { Payload = default, Quality = default }) == (again with { Payload = default, Quality = default });
}
