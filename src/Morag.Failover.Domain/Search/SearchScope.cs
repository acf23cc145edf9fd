using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Queues;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Search;

/// <summary>What a filter needs to know besides the task.</summary>
/// <param name="Settings">The settings: queues and default retries.</param>
/// <param name="Now">The time by which ages are counted.</param>
public sealed record SearchScope(FailoverSettings Settings, DateTimeOffset Now)
{
    /// <summary>How many failures of its own a task may have.</summary>
    internal int MaxRetriesOf(TaskRecord task) => task.Submission.MaxRetries ?? Settings.Policy.MaxRetries;

    /// <summary>Whether GPU workers serve the task's queue; null if the queue is not defined.</summary>
    internal bool? IsOnGpuQueue(TaskRecord task) => Settings.Queues.Find(task.Queue)?.Gpu;

    /// <summary>How long a queued task has waited in its queue.</summary>
    internal TimeSpan? WaitingFor(TaskRecord task) => task.State == TaskState.Queued ? Now - task.QueuedSince : null;

    /// <summary>How long the present lease has run.</summary>
    internal TimeSpan? RunningFor(TaskRecord task) => task is { State: TaskState.Leased, Lease: { } lease } ? Now - lease.GrantedAt : null;
}
