using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Failover;
using Morag.Failover.Domain.Settings;

namespace Morag.Failover.Domain.Queues;

/// <summary>A lease that ended in failure, with the facts of its task that the failover policy needs.</summary>
[ProtoContract]
public sealed record LeaseFailure
{
    /// <summary>Derived from task and epoch, so it is the same each time.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    [ProtoMember(2)] public required TaskId TaskId { get; init; }
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Who held the lease; null if no lease ended (<see cref="Unserved"/>).</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }

    /// <summary>As the first report said.</summary>
    [ProtoMember(5)] public required FailureType FailureType { get; init; }

    /// <summary>When the queue learned of the failure.</summary>
    [ProtoMember(6)] public DateTimeOffset OccurredAt { get; init; }

    [ProtoMember(7)] public string ErrorMessage { get; init; } = "";

    /// <summary>Any further JSON from the reporter.</summary>
    [ProtoMember(8)] public JsonText Context { get; init; } = JsonText.EmptyObject;

    /// <summary>The reporter's id for the failure.</summary>
    [ProtoMember(9)] public EventId? EventId { get; init; }

    /// <summary>The worker loss that caused the failure.</summary>
    [ProtoMember(10)] public LossId? LossId { get; init; }

    /// <summary>Whom that loss counts against.</summary>
    [ProtoMember(11)] public LossBlame Blame { get; init; }

    [ProtoMember(12)] public required TaskFacts Facts { get; init; }

    /// <summary>
    /// True if no lease ended and no available worker can run the task: the decision moves it to a later queue of its chain.
    /// </summary>
    [ProtoMember(13)] public bool Unserved { get; init; }

    /// <summary>The failure whose decision a task waits for; null if the task is not deciding.</summary>
    public static LeaseFailure? PendingOf(TaskRecord? task, PolicySettings policy) =>
        task is { State: TaskState.Deciding, Pending: { } pending } ? Of(task, pending, policy) : null;

    /// <summary>A failure of a task, with the facts at this moment.</summary>
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
        Blame = failure.Blame,
        Unserved = failure.Unserved,
        Facts = new TaskFacts
        {
            Queue = task.Queue,
            MaxRetries = task.Submission.MaxRetries ?? policy.MaxRetries,
            OwnFailures = task.Budgets.OwnFailures,
            FleetFailures = task.Budgets.FleetFailures,
            SameWorkerRetries = task.Budgets.RetriedOn == failure.WorkerId
                ? RetryBudgets.RetriesOf(task.Budgets, failure.FailureType)
                : 0,
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
