using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Settings;
using Morag.Failover.Domain.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>What the failover policy is told of a task.</summary>
public static class LeaseFailures
{
    /// <summary>The failure that a deciding task owes the coordinator; null for any other task.</summary>
    public static LeaseFailure? OwedBy(TaskRecord? task, PolicySettings policy) =>
        task is { State: TaskState.Deciding, Pending: { } pending } ? Of(task, pending, policy) : null;

    /// <summary>A failure of a task, with what was before it.</summary>
    internal static LeaseFailure Of(TaskRecord task, PendingFailure failure, PolicySettings policy) => new()
    {
        FailureId = FailureIds.OfLease(task.TaskId, failure.Epoch),
        TaskId = task.TaskId,
        Epoch = failure.Epoch,
        WorkerId = failure.WorkerId,
        FailureType = failure.FailureType,
        OccurredAt = failure.OccurredAt,
        ErrorMessage = failure.ErrorMessage,
        Context = failure.Context,
        EventId = failure.EventId,
        LossId = failure.LossId,
        Planned = failure.Planned,
        Unserved = failure.Unserved,
        Facts = new TaskFacts
        {
            Queue = task.Queue,
            MaxRetries = task.Submission.MaxRetries ?? policy.MaxRetries,
            OwnFailures = task.Budgets.OwnFailures,
            FleetFailures = task.Budgets.FleetFailures,
            SameWorkerRetries = task.Budgets.RetriedOn == failure.WorkerId ? RetryBudgets.RetriesAfter(task.Budgets, failure.FailureType) : 0,
            Reassignments = task.Budgets.Reassignments,
            QualityRung = task.Budgets.QualityRung,
            Quality = task.Quality,
            History = task.Failures.RemoveRange(0, task.Forgiven),
            ContentType = task.Submission.ContentType,
            ResourceRequirements = task.Submission.ResourceRequirements,
            EstimatedDuration = task.Submission.EstimatedDuration,
        },
    };
}
