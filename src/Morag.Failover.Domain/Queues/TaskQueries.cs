using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Sizes;

namespace Morag.Failover.Domain.Queues;

/// <summary>Reads tasks.</summary>
public static class TaskQueries
{
    private const int LargestPage = CallLimits.MaxPage;

    /// <summary>A task in full; null if it does not exist.</summary>
    /// <param name="state">The queues.</param>
    /// <param name="id">The task.</param>
    /// <param name="policy">The failover policy's settings.</param>
    /// <param name="unmetNeed">What a task needs that no available worker offers; null while the fleet is unknown.</param>
    public static TaskInfo? Find(QueueState state, TaskId id, PolicySettings policy, Func<TaskRecord, string?>? unmetNeed = null) =>
        state.Tasks.GetValueOrDefault(id) is { } task ? Info(task, policy) with { UnmetNeed = unmetNeed?.Invoke(task) } : null;

    /// <summary>A page of tasks, sorted by id.</summary>
    /// <param name="state">The queues.</param>
    /// <param name="query">Which tasks.</param>
    /// <param name="policy">The failover policy's settings.</param>
    /// <param name="unmetNeed">What a task needs that no available worker offers; null while the fleet is unknown.</param>
    public static TaskPage List(QueueState state, ListTasks query, PolicySettings policy, Func<TaskRecord, string?>? unmetNeed = null)
    {
        var (tasks, hasMore) = Entries().FirstPage(Math.Clamp(query.Limit, 1, LargestPage), WireSize.Of, MessageLimits.MaxGatheredBytes);
        return new TaskPage { Tasks = tasks, HasMore = hasMore };

        IEnumerable<QueueEntry> Entries()
        {
            foreach (var task in query.After is { } after ? state.Tasks.After(after) : state.Tasks.Values)
            {
                if (Matches(task, query.Filter) && !(query.OnlyUnfinished && task.IsFinished))
                {
                    yield return Entry(task, policy) with { UnmetNeed = unmetNeed?.Invoke(task) };
                }
            }
        }
    }

    /// <summary>The ids of the tasks that meet a condition, sorted.</summary>
    public static List<TaskId> Matching(QueueState state, Func<TaskRecord, bool> condition)
    {
        var ids = new List<TaskId>();
        foreach (var task in state.Tasks.Values)
        {
            if (condition(task))
            {
                ids.Add(task.TaskId);
            }
        }

        return ids;
    }

    /// <summary>The leases that a worker holds.</summary>
    public static HeldLeases HeldBy(QueueState state, GetHeldLeases query)
    {
        var leases = ImmutableArray.CreateBuilder<HeldLease>();
        foreach (var (epoch, held) in state.ShareOf(query.WorkerId).Held)
        {
            var lease = state.Tasks[held.TaskId].Lease!;
            leases.Add(new HeldLease
            {
                TaskId = held.TaskId,
                Epoch = epoch,
                Queue = held.Queue,
                GrantedAt = lease.GrantedAt,
                Deadline = lease.Deadline,
            });
        }

        return new HeldLeases
        {
            WorkerId = query.WorkerId,
            Partition = query.Partition,
            Leases = leases.DrainToImmutable(),
            Number = query.Number,
        };
    }

    /// <summary>Whether a task matches a filter.</summary>
    public static bool Matches(TaskRecord task, TaskFilter filter) =>
        (filter.State is not { } state || task.State == state)
        && (filter.Queue is not { } queue || task.Queue == queue)
        && (filter.Worker is not { } worker || task.Lease?.WorkerId == worker);

    /// <summary>A task in a list.</summary>
    internal static QueueEntry Entry(TaskRecord task, PolicySettings policy) => new()
    {
        TaskId = task.TaskId,
        QueueType = task.Queue,
        Priority = task.Priority,
        WorkerId = task.State is TaskState.Leased or TaskState.Succeeded ? task.Lease!.WorkerId : null,
        SubmittedAt = task.SubmittedAt,
        EstimatedDuration = task.Submission.EstimatedDuration,
        ResourceRequirements = task.Submission.ResourceRequirements,
        RetryCount = task.Budgets.Failures,
        MaxRetries = task.Submission.MaxRetries ?? policy.MaxRetries,
        State = task.State,
        Epoch = task.Lease?.Epoch ?? LeaseEpoch.None,
        NotBefore = task.NotBefore,
        ContentType = task.Submission.ContentType,
        Attempt = task.Attempt,
        UpdatedAt = task.UpdatedAt,
        LastError = task.LastError,
        ParkedBecause = task.ParkedBecause,
        FinishedAt = task.FinishedAt,
    };

    private static TaskInfo Info(TaskRecord task, PolicySettings policy) => new()
    {
        TaskId = task.TaskId,
        State = task.State,
        Queue = task.Queue,
        Priority = task.Priority,
        WorkerId = task.Lease?.WorkerId,
        Epoch = task.Lease?.Epoch ?? LeaseEpoch.None,
        Attempt = task.Attempt,
        SubmittedAt = task.SubmittedAt,
        NotBefore = task.NotBefore,
        Deadline = task.State == TaskState.Leased ? task.Lease!.Deadline : null,
        FinishedAt = task.FinishedAt,
        RetryCount = task.Budgets.Failures,
        MaxRetries = task.Submission.MaxRetries ?? policy.MaxRetries,
        Quality = task.Quality,
        ContentType = task.Submission.ContentType,
        ResourceRequirements = task.Submission.ResourceRequirements,
        Payload = task.Submission.Payload,
        Result = task.Result,
        ParkedBecause = task.ParkedBecause,
        Progress = task.Progress,
        History = [new TaskHistoryEntry { At = task.SubmittedAt, What = TaskHistory.Submitted }, .. task.History],
    };
}
