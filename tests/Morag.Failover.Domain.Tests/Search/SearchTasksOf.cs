using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Search;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Tests.Search;

/// <summary>Tasks to search in, and shorthands for searching them.</summary>
internal static class SearchTasksOf
{
    public static readonly DateTimeOffset Now = new(2026, 11, 28, 12, 0, 0, TimeSpan.Zero);

    public static readonly SearchScope Scope = new(FailoverSettings.Default, Now);

    /// <summary>A leased task on a GPU queue with two failures.</summary>
    public static TaskRecord Failing { get; } = Task("render-7", """{"file":"a.mp4","frames":[{"n":1},{"n":42}],"odd key":true}""") with
    {
        State = TaskState.Leased,
        Queue = new("gpu_priority"),
        Quality = JsonText.Trusted("""{"rung":2,"until":"2026-11-28T13:00:00Z"}"""),
        Attempt = 3,
        Budgets = new TaskBudgets { Failures = 2, OwnFailures = 2, QualityRung = 1 },
        SubmittedAt = Now.AddHours(-2),
        Lease = new TaskLease { WorkerId = new("gpu-3"), Epoch = new(1007), GrantedAt = Now.AddMinutes(-10), Deadline = Now.AddHours(1) },
        Failures =
        [
            Failure("render-7.1", FailureType.ResourceExhaustion, FailoverStrategy.DegradeQuality),
            Failure("render-7.2", FailureType.TaskTimeout, FailoverStrategy.ReassignSameQueue),
        ],
        History =
        [
            new TaskHistoryEntry { At = Now.AddHours(-1), What = "lease_ended", Detail = "resource_exhaustion: CUDA out of memory" },
            new TaskHistoryEntry { At = Now.AddMinutes(-10), What = "leased", WorkerId = new("gpu-3") },
        ],
    };

    /// <summary>A parked task on a CPU queue.</summary>
    public static TaskRecord Parked { get; } = Task("job:1", "[1,2.50,\"Straße \\u00e9 \\\"x\\\"\"]", "cpu_batch", TaskPriority.Batch) with
    {
        State = TaskState.Parked,
        ParkedBecause = "retry budget used up",
        SubmittedAt = Now.AddDays(-3),
    };

    /// <summary>A task that succeeded.</summary>
    public static TaskRecord Succeeded { get; } = Task("ok", "null", "cpu_standard", TaskPriority.Urgent) with
    {
        State = TaskState.Succeeded,
        Result = JsonText.Trusted("""{"frames":1001,"ok":true,"note":null}"""),
        FinishedAt = Now.AddMinutes(-1),
        Lease = new TaskLease { WorkerId = new("cpu-1"), Epoch = new(5) },
    };

    public static ImmutableArray<TaskRecord> All { get; } = [Failing, Parked, Succeeded];

    public static TaskRecord Task(
        string id, string payload, string queue = "gpu_priority", TaskPriority priority = TaskPriority.Normal) => new()
        {
            Submission = new TaskSubmission
            {
                TaskId = new(id),
                Queue = new(queue),
                Priority = priority,
                Payload = JsonText.Trusted(payload),
                ContentType = queue.StartsWith("gpu", StringComparison.Ordinal) ? "video/mp4" : null,
                ResourceRequirements = new ResourceRequirements
                {
                    GpuRequired = queue.StartsWith("gpu", StringComparison.Ordinal),
                    MemoryGb = 8,
                },
            },
            Queue = new(queue),
            SubmittedAt = Now.AddHours(-1),
            QueuedSince = Now.AddHours(-1),
        };

    /// <summary>The ids of the tasks that match.</summary>
    public static string[] Find(string filter) =>
        [.. All.Where(task => Parse(filter).Matches(task, Scope)).Select(task => task.TaskId.Value)];

    public static TaskSearch Parse(string filter)
    {
        Assert.True(TaskSearch.TryParse(filter, out var search, out var error), $"{filter} {error}");
        return search;
    }

    public static SearchError Refuse(string filter)
    {
        Assert.False(TaskSearch.TryParse(filter, out _, out var error), filter);
        return error;
    }

    private static TaskFailure Failure(string id, FailureType type, FailoverStrategy strategy) =>
        new() { FailureId = new(id), FailureType = type, Strategy = strategy };
}
