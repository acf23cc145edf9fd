using System.Collections.Immutable;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Client;

/// <summary>
/// Submits tasks, reads them, and reports failures. A call that fails for a passing reason is repeated within
/// <see cref="RetryOptions.Budget"/> if that is safe. It is thread-safe. Every call throws a <see cref="MoragException"/> if it fails.
/// </summary>
public interface IMoragClient
{
    /// <summary>Submits a task. It is stored when the call returns.</summary>
    /// <exception cref="MoragConflictException">The id was submitted before with other content.</exception>
    Task<SubmissionResult> SubmitAsync(TaskSubmission task, CancellationToken cancellation = default);

    /// <summary>
    /// Submits any number of tasks, in calls of a size that a node accepts. The results are in the order of the tasks. A task that was
    /// refused has the reason in its result, and the others are stored.
    /// </summary>
    Task<ImmutableArray<SubmissionResult>> SubmitAllAsync(IEnumerable<TaskSubmission> tasks, CancellationToken cancellation = default);

    /// <summary>Reads a task, with its state, result and history.</summary>
    Task<TaskInfo> GetTaskAsync(TaskId task, CancellationToken cancellation = default);

    /// <summary>Cancels a task that has not succeeded.</summary>
    Task CancelTaskAsync(TaskId task, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// Queues a parked task again. It is not repeated when the outcome is unknown, because the task may have been parked again meanwhile.
    /// </summary>
    Task RequeueTaskAsync(RequeueTask requeue, CancellationToken cancellation = default);

    /// <summary>Every decision about a task, oldest first.</summary>
    Task<ImmutableArray<FailoverDecision>> GetDecisionsAsync(TaskId task, CancellationToken cancellation = default);

    /// <summary>
    /// Reports a failure and returns the decision. A report without an <see cref="ReportFailure.EventId"/> gets a new one, so that it
    /// counts once however often it is sent.
    /// </summary>
    /// <exception cref="MoragLeaseEndedException">The lease that the report names has ended. Nothing was decided.</exception>
    Task<FailoverDecision> ReportFailureAsync(ReportFailure report, CancellationToken cancellation = default);

    /// <summary>
    /// Reports work that a worker completed on tasks of other systems, for its score. A report without an event id gets a new one.
    /// </summary>
    Task<WorkerReliabilityScore> ReportSuccessesAsync(
        WorkerId worker, IEnumerable<ReportedSuccess> successes, CancellationToken cancellation = default);

    /// <summary>Reads a worker.</summary>
    Task<WorkerInfo> GetWorkerAsync(WorkerId worker, CancellationToken cancellation = default);

    /// <summary>Reads the score of a worker.</summary>
    Task<WorkerReliabilityScore> GetReliabilityAsync(WorkerId worker, CancellationToken cancellation = default);
}
