using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Contracts.Wire;

/// <summary>
/// Which calls have the same effect if they are carried out twice. Clients and nodes repeat all others only if they know that nothing was
/// done.
/// </summary>
public static class Repetition
{
    /// <summary>Whether it is safe to repeat the call after a lost answer.</summary>
    /// <param name="message">What the call asks of its owner.</param>
    /// <exception cref="NotSupportedException">The message is not a call, but an answer, for example.</exception>
    public static bool IsSafe(IWireMessage message) => message switch
    {
        GetTask or GetTaskDecisions or GetWorker or GetWorkerReliability => true,
        AwaitDecision or ForeseeDecision or AdmitWorker or FindWorker => true,
        ListAudit or ListTasks or SearchTasks or ListFailures or ListStaleReports or ListWorkers => true,
        GetQueueStats or GetQueueControl or GetFailureStatistics or GetWorkerStats => true,

        ListAlerts or GetAlert or GetAlertSettings or ListWebhooks => true,

        GetQueueDemand or GetLeaseHolders or ListIdleWorkers => true,

        // The same task id with the same content is the same task.
        SubmitTasks => true,

        // A cancelled task stays cancelled.
        CancelTask => true,

        // A task that was requeued can be parked again before the repetition arrives.
        RequeueTask => false,

        // By the time of the repetition, other tasks may match. A dry run changes nothing.
        CancelTasks cancel => cancel.DryRun,
        RequeueTasks requeue => requeue.DryRun,

        // A task that the action has changed keeps its id.
        ChangeTasks => true,

        // Somebody else may have resumed or paused the queue, or changed its limits, before the repetition arrives.
        PauseQueue or ResumeQueue or SetQueueLimits => false,

        // A second test would be sent.
        TestWebhook => false,

        // Somebody else may have unacknowledged or acknowledged the alert, or changed the thresholds, before the repetition arrives.
        AcknowledgeAlert or UnacknowledgeAlert or SetAlertSettings => false,

        // Somebody else may have resumed or drained the worker before the repetition arrives. A drain starts its deadline again.
        DrainWorker or ResumeWorker => false,

        // The worker, or its breaker, may have changed again before the repetition arrives.
        TakeWorkerOffline or SetBreaker => false,

        // An event id, or the epoch of a lease, names the failure. Without either, each report is a new failure.
        ReportFailure report => report.EventId is not null || report.Epoch is not null,
        RecordSuccesses record => record.Successes.All(success => success.EventId is not null),
        RegisterWorker or Heartbeat => true,
        RequestLeases request => request.RequestId is not null,

        // The epoch names the lease.
        CompleteTasks or ReleaseLeases => true,

        // The report says where the work is, and the next one replaces it.
        ReportProgress => true,

        // Each extension moves the deadline again.
        ExtendLease => false,

        // Without an instance: a new one can register before the repetition arrives, and would be unregistered. With one: the repetition
        // of a call that was carried out finds no worker.
        UnregisterWorker => false,
        _ => throw new NotSupportedException($"{message.GetType().Name} is not a call"),
    };
}
