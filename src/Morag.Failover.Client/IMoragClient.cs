using System.Collections.Immutable;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
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
    /// refused has the reason in its result, and the others are stored. After a cancellation, any of them may be stored; submitting all of
    /// them again under their ids is safe.
    /// </summary>
    /// <exception cref="MoragPartlySubmittedException">A call failed after others had succeeded. It has their results.</exception>
    Task<ImmutableArray<SubmissionResult>> SubmitAllAsync(IEnumerable<TaskSubmission> tasks, CancellationToken cancellation = default);

    /// <summary>Reads a task, with its state, result and history.</summary>
    Task<TaskInfo> GetTaskAsync(TaskId task, CancellationToken cancellation = default);

    /// <summary>
    /// Lists tasks in the order of their ids, in as many calls as it takes. A page is fetched when the one before
    /// it has been read. If a part of the state is down, the call is repeated within <see cref="RetryOptions.Budget"/>.
    /// </summary>
    /// <param name="filter">Which tasks; null for all.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <exception cref="MoragUnavailableException">A part of the state is down.</exception>
    IAsyncEnumerable<QueueEntry> ListTasksAsync(TaskFilter? filter = null, CancellationToken cancellation = default);

    /// <summary>
    /// Lists the tasks that match a filter of the search language, in the order of their ids, such as
    /// <c>state:parked failures&gt;2 payload.file~mp4</c>. See <see cref="ListTasksAsync"/> for how it is paged and repeated.
    /// </summary>
    /// <param name="filter">The filter; empty for every task.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <exception cref="MoragException">The filter is invalid. The message names the position and the rule.</exception>
    /// <exception cref="MoragUnavailableException">A part of the state is down.</exception>
    IAsyncEnumerable<QueueEntry> SearchTasksAsync(string filter, CancellationToken cancellation = default);

    /// <summary>Cancels a task that has not succeeded.</summary>
    Task CancelTaskAsync(TaskId task, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// Queues a parked task again. It is not repeated when the outcome is unknown, because the task may have been parked again meanwhile.
    /// </summary>
    Task RequeueTaskAsync(RequeueTask requeue, CancellationToken cancellation = default);

    /// <summary>
    /// Cancels the unfinished tasks that match a filter. It is not repeated when the outcome is unknown, because other tasks may match by
    /// then.
    /// </summary>
    /// <param name="filter">Which tasks. At least one field must be set, except for a dry run.</param>
    /// <param name="reason">The reason, for the history of the tasks.</param>
    /// <param name="dryRun">True to change nothing, and only count the tasks.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<TasksAffected> CancelTasksAsync(TaskFilter filter, string reason, bool dryRun = false, CancellationToken cancellation = default);

    /// <summary>
    /// Requeues the parked tasks that match a filter. It is not repeated when the outcome is unknown, because they may have been parked
    /// again meanwhile.
    /// </summary>
    /// <param name="filter">Which parked tasks. If no field is set, all of them.</param>
    /// <param name="reason">The reason, for the history of the tasks.</param>
    /// <param name="dryRun">True to change nothing, and only count the tasks.</param>
    /// <param name="queue">Their new queue; null keeps each task's own.</param>
    /// <param name="quality">Their new quality settings; null keeps each task's own.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<TasksAffected> RequeueTasksAsync(
        TaskFilter filter,
        string reason,
        bool dryRun = false,
        QueueName? queue = null,
        JsonText? quality = null,
        CancellationToken cancellation = default);

    /// <summary>The counts of every queue.</summary>
    Task<ImmutableArray<QueueStats>> GetQueuesAsync(CancellationToken cancellation = default);

    /// <summary>Reads the limits of a queue, and whether it is paused.</summary>
    Task<QueueControlReport> GetQueueControlAsync(QueueName queue, CancellationToken cancellation = default);

    /// <summary>
    /// Pauses a queue: workers get no new tasks from it, while submissions, failures and completions go on. It is not repeated when the
    /// outcome is unknown, because the queue may have been resumed meanwhile.
    /// </summary>
    Task<QueueControlReport> PauseQueueAsync(QueueName queue, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// Ends the pause of a queue. It is not repeated when the outcome is unknown, because the queue may have been paused meanwhile.
    /// </summary>
    Task<QueueControlReport> ResumeQueueAsync(QueueName queue, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// Changes limits of a queue. They take precedence over the configuration of the nodes until they are reset, also after restarts. It
    /// is not repeated when the outcome is unknown, because the limits may have changed meanwhile.
    /// </summary>
    /// <param name="queue">The queue.</param>
    /// <param name="limits">The new limits. Those that are null stay as they are.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="reset">The limits that follow the configuration again.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<QueueControlReport> SetQueueLimitsAsync(
        QueueName queue,
        QueueLimits limits,
        string reason,
        IEnumerable<QueueLimit>? reset = null,
        CancellationToken cancellation = default);

    /// <summary>
    /// Lists alerts, those that were raised last first, in as many calls as it takes. A page is fetched when the one before it has been
    /// read.
    /// </summary>
    /// <param name="filter">Which alerts; null for all, resolved ones included.</param>
    /// <param name="cancellation">Ends the list.</param>
    IAsyncEnumerable<Alert> ListAlertsAsync(AlertFilter? filter = null, CancellationToken cancellation = default);

    /// <summary>Reads an alert, open or resolved.</summary>
    /// <param name="alert">Its number, such as <c>17</c>.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<Alert> GetAlertAsync(string alert, CancellationToken cancellation = default);

    /// <summary>
    /// Acknowledges an open alert: tells others that somebody takes care of it. It is not repeated when the outcome is unknown, because
    /// somebody may have taken it back meanwhile.
    /// </summary>
    /// <param name="alert">Its number.</param>
    /// <param name="note">A note for others; empty for none.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<Alert> AcknowledgeAlertAsync(string alert, string note = "", CancellationToken cancellation = default);

    /// <summary>
    /// Takes back the acknowledgement of an open alert. It is not repeated when the outcome is unknown, because somebody may have
    /// acknowledged the alert meanwhile.
    /// </summary>
    /// <param name="alert">Its number.</param>
    /// <param name="note">Why; empty for no reason.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<Alert> UnacknowledgeAlertAsync(string alert, string note = "", CancellationToken cancellation = default);

    /// <summary>Reads the thresholds of alerts, and the rules that are off.</summary>
    Task<AlertSettingsReport> GetAlertSettingsAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Changes thresholds of alerts, and turns rules on or off. The changes take precedence over the configuration of the nodes until they
    /// are reset, also after restarts. It is not repeated when the outcome is unknown, because they may have changed meanwhile.
    /// </summary>
    /// <param name="thresholds">The new thresholds. Those that are null stay as they are.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="reset">The thresholds that follow the configuration again.</param>
    /// <param name="off">The rules to turn off. Their open alerts are resolved.</param>
    /// <param name="on">The rules to turn on.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<AlertSettingsReport> SetAlertSettingsAsync(
        AlertThresholds thresholds,
        string reason,
        IEnumerable<AlertThreshold>? reset = null,
        IEnumerable<AlertKind>? off = null,
        IEnumerable<AlertKind>? on = null,
        CancellationToken cancellation = default);

    /// <summary>Lists the configured webhooks, and how sending alerts to each goes.</summary>
    Task<ImmutableArray<WebhookStatus>> ListWebhooksAsync(CancellationToken cancellation = default);

    /// <summary>Sends a test to webhooks, once. It is not repeated when the outcome is unknown.</summary>
    /// <param name="webhook">The name of the webhook; null for all.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task<ImmutableArray<WebhookTestResult>> TestWebhooksAsync(string? webhook = null, CancellationToken cancellation = default);

    /// <summary>Every decision about a task, oldest first.</summary>
    Task<ImmutableArray<FailoverDecision>> GetDecisionsAsync(TaskId task, CancellationToken cancellation = default);

    /// <summary>
    /// Reports a failure and returns the decision. A report without an <see cref="ReportFailure.EventId"/> gets a new one, so that it
    /// counts once however often it is sent.
    /// </summary>
    /// <exception cref="MoragLeaseEndedException">The lease that the report names has ended. Nothing was decided.</exception>
    Task<FailoverDecision> ReportFailureAsync(ReportFailure report, CancellationToken cancellation = default);

    /// <summary>
    /// Lists failures with their decisions, newest first, in as many calls as it takes. A page is fetched when the one before
    /// it has been read. If a part of the state is down, the call is repeated within <see cref="RetryOptions.Budget"/>.
    /// </summary>
    /// <param name="filter">Which failures; null for all.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <exception cref="MoragUnavailableException">A part of the state is down.</exception>
    IAsyncEnumerable<FailoverDecision> ListFailuresAsync(FailureFilter? filter = null, CancellationToken cancellation = default);

    /// <summary>
    /// Lists reports of failures that changed nothing, because the lease that they named was over. Newest first, in as many calls as it
    /// takes. If a part of the state is down, the call is repeated within <see cref="RetryOptions.Budget"/>.
    /// </summary>
    /// <param name="task">Only reports about this task; null for all.</param>
    /// <param name="worker">Only reports that named this worker; null for all.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <exception cref="MoragUnavailableException">A part of the state is down.</exception>
    IAsyncEnumerable<ListedStaleReport> ListStaleReportsAsync(
        TaskId? task = null, WorkerId? worker = null, CancellationToken cancellation = default);

    /// <summary>
    /// Reads live events until it is cancelled. If the stream is interrupted, it is opened again, at another node if the first one does not
    /// answer. The first event, and the first after each interruption, is a <see cref="LiveGap"/>: no event is sent twice, so read the
    /// lists for what happened before it. A reader that is slower than the events is interrupted too.
    /// </summary>
    /// <param name="filter">Which events; null for all. They are selected in this process.</param>
    /// <param name="cancellation">Ends the stream.</param>
    /// <exception cref="MoragUnavailableException">No node could be reached within <see cref="RetryOptions.Budget"/>.</exception>
    /// <exception cref="NotSupportedException">The transport cannot carry live events.</exception>
    IAsyncEnumerable<LiveEvent> ReadEventsAsync(LiveEventFilter? filter = null, CancellationToken cancellation = default);

    /// <summary>
    /// Lists what operators did, newest first, in as many calls as it takes. A page is fetched when the one before it has been read. If a
    /// part of the state is down, the call is repeated within <see cref="RetryOptions.Budget"/>.
    /// </summary>
    /// <param name="filter">Which actions; null for all.</param>
    /// <param name="cancellation">Ends the list.</param>
    /// <exception cref="MoragUnavailableException">A part of the state is down.</exception>
    IAsyncEnumerable<AuditEntry> ListAuditAsync(AuditFilter? filter = null, CancellationToken cancellation = default);

    /// <summary>Counts failures by type, and workers in trouble.</summary>
    Task<FailureStatistics> GetFailureStatisticsAsync(CancellationToken cancellation = default);

    /// <summary>
    /// Reports work that a worker completed on tasks of other systems, for its score. A report without an event id gets a new one.
    /// </summary>
    Task<WorkerReliabilityScore> ReportSuccessesAsync(
        WorkerId worker, IEnumerable<ReportedSuccess> successes, CancellationToken cancellation = default);

    /// <summary>Reads a worker.</summary>
    Task<WorkerInfo> GetWorkerAsync(WorkerId worker, CancellationToken cancellation = default);

    /// <summary>
    /// Lists workers in the order of their ids, in as many calls as it takes. A page is fetched when the one before
    /// it has been read. If a part of the state is down, the call is repeated within <see cref="RetryOptions.Budget"/>.
    /// </summary>
    /// <exception cref="MoragUnavailableException">A part of the state is down.</exception>
    IAsyncEnumerable<WorkerInfo> ListWorkersAsync(CancellationToken cancellation = default);

    /// <summary>Counts the workers of the whole fleet.</summary>
    Task<WorkerStats> GetWorkerStatsAsync(CancellationToken cancellation = default);

    /// <summary>Reads the score of a worker.</summary>
    Task<WorkerReliabilityScore> GetReliabilityAsync(WorkerId worker, CancellationToken cancellation = default);

    /// <summary>
    /// Drains a worker: it finishes what it holds, and gets no new tasks until it is resumed. It is not repeated when the outcome is
    /// unknown, because the worker may have been resumed meanwhile.
    /// </summary>
    /// <param name="worker">The worker.</param>
    /// <param name="reason">Why, for people.</param>
    /// <param name="deadline">After how long its remaining leases are released without blame, 0 to 30 days; null for never.</param>
    /// <param name="cancellation">Cancels the call.</param>
    Task DrainWorkerAsync(WorkerId worker, string reason, TimeSpan? deadline = null, CancellationToken cancellation = default);

    /// <summary>
    /// Ends a drain, or brings back a worker that an operator declared offline. It is not repeated when the outcome is unknown, because
    /// the worker may have been drained again meanwhile.
    /// </summary>
    Task ResumeWorkerAsync(WorkerId worker, CancellationToken cancellation = default);

    /// <summary>
    /// Declares a worker lost: its leases end. It is not repeated when the outcome is unknown, because the worker may be back.
    /// </summary>
    /// <returns>The decisions about its tasks. One that takes longer than 10 s is left out, and follows by itself.</returns>
    Task<ImmutableArray<FailoverDecision>> TakeWorkerOfflineAsync(
        WorkerId worker, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// Opens, closes or resets the breaker of a worker, and returns its score. It is not repeated when the outcome is unknown, because the
    /// breaker may have changed meanwhile.
    /// </summary>
    Task<WorkerReliabilityScore> SetBreakerAsync(
        WorkerId worker, BreakerAction action, string reason, CancellationToken cancellation = default);

    /// <summary>
    /// Unregisters a worker that is gone for good. Its leases are released without blame. It is not repeated when the outcome is unknown,
    /// because the worker may have registered again.
    /// </summary>
    Task UnregisterWorkerAsync(WorkerId worker, CancellationToken cancellation = default);
}
