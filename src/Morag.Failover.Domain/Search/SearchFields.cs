using System.Collections.Frozen;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Search;

/// <summary>The fields of the filter language.</summary>
public static class SearchFields
{
    /// <summary>The fields, in the order of the documentation.</summary>
    public static ImmutableArray<SearchField> All { get; } = [.. Identity, .. Work, .. Failures, .. Times, .. Needs, .. Data];

    private static readonly FrozenDictionary<string, SearchField> ByName =
        All.ToFrozenDictionary(field => field.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>Names that other programs and older documents use, with the field that was meant.</summary>
    private static readonly FrozenDictionary<string, string> Meant = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["task"] = "id",
        ["task_id"] = "id",
        ["status"] = "state",
        ["queue_type"] = "queue",
        ["worker_id"] = "worker",
        ["type"] = "content_type",
        ["retry_count"] = "failures",
        ["retries"] = "failures",
        ["attempt"] = "attempts",
        ["tries"] = "attempts",
        ["submitted"] = "created",
        ["submitted_at"] = "created",
        ["created_at"] = "created",
        ["updated_at"] = "updated",
        ["finished_at"] = "finished",
        ["completed"] = "finished",
        ["not_before"] = "due",
        ["reason"] = "parked",
        ["parked_because"] = "parked",
        ["message"] = "error",
        ["failure_type"] = "failure",
        ["wait"] = "waiting",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The field of the ids, by which the table of tasks is sorted.</summary>
    internal static SearchField Id { get; } = ByName["id"];

    /// <summary>The field whose values are the names of the queues.</summary>
    internal static SearchField Queue { get; } = ByName["queue"];

    /// <summary>The field of a name, ignoring case; null if there is none.</summary>
    public static SearchField? Find(string name) => ByName.GetValueOrDefault(name) ?? ByName.GetValueOrDefault(name.Replace('-', '_'));

    /// <summary>The field that an unknown name probably means; null if none is near.</summary>
    internal static string? Nearest(string name)
    {
        if (Meant.TryGetValue(name.Replace('-', '_'), out var meant))
        {
            return meant;
        }

        var mostEdits = Math.Min(2, name.Length / 3);
        var nearest = All
            .Select(field => (field.Name, Edits: EditDistance.Of(name.ToLowerInvariant(), field.Name)))
            .MinBy(field => field.Edits);
        return nearest.Edits <= mostEdits
            ? nearest.Name
            : All.FirstOrDefault(field => name.Length > 1 && field.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase))?.Name;
    }

    private static SearchField[] Identity =>
    [
        Text("id", "The task's id.", "id~invoice", task => task.TaskId.Value),
        new WordField(
            "state",
            "The state.",
            "state:parked,delayed",
            WordField.WordsOf<TaskState>(),
            isOrdered: false,
            (task, _) => 1L << (int)task.State)
        {
            SortKey = (task, _) => SortKey.Of((long)task.State),
        },
        Text("queue", "The queue that the task is in now.", "queue:gpu_priority", task => task.Queue.Value),
        new WordField(
            "priority",
            "The priority, by its word or its number.",
            "priority>=high",
            WordField.WordsOf<TaskPriority>(),
            isOrdered: true,
            (task, _) => 1L << (int)task.Priority)
        {
            SortKey = (task, _) => SortKey.Of((long)task.Priority),
        },
        Text("content_type", "The content type.", "content_type:video/mp4", task => task.Submission.ContentType),
        Text("trace", "The trace context of the submission.", "trace~4bf92f3577b34da6", task => task.Submission.TraceParent),
    ];

    private static SearchField[] Work =>
    [
        Text(
            "worker",
            "The worker that holds the task or held it last.",
            "worker:gpu-3",
            task => task.Lease?.WorkerId.Value),
        Text(
            "holder",
            "The worker that holds the task now.",
            "holder:*",
            task => task.State == TaskState.Leased ? task.Lease!.WorkerId.Value : null),
        Text("instance", "The instance of that worker.", "instance:a1b2c3", task => task.Lease?.InstanceId?.Value),
        Text("pinned", "The only worker that may lease the task for now.", "pinned:*", task => task.PinnedTo?.Value),
        Text("avoids", "The worker that gets the task only if no other can run it.", "avoids:gpu-3", task => task.Avoid?.Value),
        Text("bulk", "The id of the last bulk action that changed the task.", "bulk:018f3c2a", task => task.Bulk?.Id.Value),
        Count("attempts", "How many leases the task has had.", "attempts>=3", task => task.Attempt),
        Count("epoch", "The epoch of the newest lease.", "epoch:1007", task => task.Lease?.Epoch.Value ?? 0),
    ];

    private static SearchField[] Failures =>
    [
        Count(
            "failures",
            "Failures that count against the task since its submission or last requeue.",
            "failures>2",
            task => task.Budgets.Failures),
        new NumberField(
            "max_retries",
            "How many failures are retried before the task is parked.",
            "max_retries:0",
            (task, scope) => scope.MaxRetriesOf(task))
        {
            SortKey = (task, scope) => SortKey.Of((long)scope.MaxRetriesOf(task)),
        },
        new TextField(
            "error",
            "The messages of the task's failures, the first 500 characters of each, as far as its history goes back.",
            "error~\"CUDA out of memory\"",
            AnyError)
        {
            StandsFor = TaskHistory.StandsForMessage,
        },
        new WordField(
            "failure",
            "The types of the task's failures.",
            "failure:resource_exhaustion",
            WordField.WordsOf<FailureType>(),
            isOrdered: false,
            (task, _) => FailureBits(task)),
        new WordField(
            "strategy",
            "The strategies that were decided after the task's failures.",
            "strategy:degrade_quality",
            WordField.WordsOf<FailoverStrategy>(),
            isOrdered: false,
            (task, _) => StrategyBits(task)),
        new TextField("parked", "Why the task is parked.", "parked~budget", (task, test) => task.ParkedBecause is { } why && test(why)),
        Count("rung", "The rungs of the quality ladder that the task has used.", "rung>0", task => task.Budgets.QualityRung),
        new TextField("history", "What happened to the task: each entry's event, and its detail.", "history:unparked", AnyHistory)
        {
            StandsFor = TaskHistory.StandsFor,
        },
    ];

    private static SearchField[] Times =>
    [
        Duration(
            "age",
            "The time since the submission.",
            "age>1h",
            (task, scope) => scope.Now - task.SubmittedAt,
            task => task.SubmittedAt),
        Duration(
            "waiting",
            "How long a queued task has waited in its queue.",
            "waiting>15m",
            (task, scope) => scope.WaitingFor(task),
            task => task.State == TaskState.Queued ? task.QueuedSince : null),
        Duration(
            "running",
            "How long the present lease has run.",
            "running>2h",
            (task, scope) => scope.RunningFor(task),
            task => task is { State: TaskState.Leased, Lease: { } lease } ? lease.GrantedAt : null),
        Time("created", "When the task was submitted.", "created>=2026-11-28", task => task.SubmittedAt),
        Time(
            "updated",
            "When something last happened to the task.",
            "updated>now-10m",
            task => task.UpdatedAt),
        Time("finished", "When the task succeeded or was cancelled.", "finished<now-1d", task => task.FinishedAt),
        Time("due", "When the retry delay of the task ends.", "due<now+5m", task => task.NotBefore),
        Time(
            "deadline",
            "When the present lease times out.",
            "deadline<now+10m",
            task => task is { State: TaskState.Leased, Lease: { } lease } ? lease.Deadline : null),
    ];

    private static SearchField[] Needs =>
    [
        new WordField(
            "capability",
            "The workers that serve the task's queue, besides hybrid ones.",
            "capability:gpu",
            [(WireName.Of(WorkerCapability.Cpu), 0), (WireName.Of(WorkerCapability.Gpu), 1)],
            isOrdered: false,
            (task, scope) => scope.IsOnGpuQueue(task) switch { true => 2, false => 1, null => 0 }),
        new FlagField("gpu", "Whether the task requires a GPU.", "gpu:true", task => task.Submission.ResourceRequirements.GpuRequired),
        Amount("memory_gb", "The required memory in GiB.", "memory_gb>=24", task => task.Submission.ResourceRequirements.MemoryGb),
        Amount("disk_gb", "The required disk space in GiB.", "disk_gb>100", task => task.Submission.ResourceRequirements.DiskGb),
        new NumberField(
            "estimated_minutes",
            "The estimated duration in minutes.",
            "estimated_minutes>60",
            (task, _) => task.Submission.EstimatedDuration),
        Amount("size", "The bytes of payload, quality, result, failures and history.", "size>100000", task => task.Size),
    ];

    private static SearchField[] Data =>
    [
        new JsonField("payload", "The payload.", "payload.file~mp4", task => task.Submission.Payload),
        new JsonField("result", "The result.", "result.frames>1000", task => task.Result),
        new JsonField("quality", "The present quality settings.", "quality.rung>0", task => task.Quality),
    ];

    private static TextField Text(string name, string summary, string example, Func<TaskRecord, string?> text) =>
        new(name, summary, example, (task, test) => text(task) is { } value && test(value))
        {
            SortKey = (task, _) => SortKey.Of(text(task)),
        };

    private static NumberField Count(string name, string summary, string example, Func<TaskRecord, long> count) =>
        new(name, summary, example, (task, _) => count(task)) { SortKey = (task, _) => SortKey.Of(count(task)) };

    private static NumberField Amount(string name, string summary, string example, Func<TaskRecord, double> amount) =>
        new(name, summary, example, (task, _) => amount(task)) { SortKey = (task, _) => SortKey.Of(amount(task)) };

    private static DurationField Duration(
        string name,
        string summary,
        string example,
        Func<TaskRecord, SearchScope, TimeSpan?> duration,
        Func<TaskRecord, DateTimeOffset?> start) =>
        new(name, summary, example, duration) { SortKey = (task, _) => SortKey.Since(start(task)) };

    private static TimeField Time(string name, string summary, string example, Func<TaskRecord, DateTimeOffset?> time) =>
        new(name, summary, example, (task, _) => time(task)) { SortKey = (task, _) => SortKey.Of(time(task)) };

    internal static bool AnyError(TaskRecord task, Func<string, bool> test)
    {
        if (task.Pending is { ErrorMessage: { Length: > 0 } message } && test(message))
        {
            return true;
        }

        foreach (var entry in task.History)
        {
            if (entry is { What: TaskHistory.LeaseEnded, Detail: { } detail } && test(detail))
            {
                return true;
            }
        }

        return false;
    }

    private static bool AnyHistory(TaskRecord task, Func<string, bool> test)
    {
        if (test(TaskHistory.Submitted))
        {
            return true;
        }

        foreach (var entry in task.History)
        {
            if (test(entry.What) || (entry.Detail is { } detail && test(detail)))
            {
                return true;
            }
        }

        return false;
    }

    private static long FailureBits(TaskRecord task)
    {
        var bits = task.Pending is { } pending ? 1L << (int)pending.FailureType : 0;
        foreach (var failure in task.Failures)
        {
            bits |= 1L << (int)failure.FailureType;
        }

        return bits;
    }

    private static long StrategyBits(TaskRecord task)
    {
        var bits = 0L;
        foreach (var failure in task.Failures)
        {
            bits |= 1L << (int)failure.Strategy;
        }

        return bits;
    }
}
