using Morag.Failover.Domain.Audit;
using System.Collections.Immutable;
using Morag.Failover.Contracts.Alerts;
using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Fleet;
using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Node.Tests.Http;

/// <summary>Answers as owners do that hold every task and worker, and to whom all goes well.</summary>
internal static class GoodOwners
{
    public static readonly DateTimeOffset Time = new(2026, 11, 23, 18, 0, 0, TimeSpan.Zero);

    public static object? Answer(IWireMessage message) => message switch
    {
        SubmitTasks submit => new TasksSubmitted
        {
            Results = [.. submit.Tasks.Select(task => new SubmissionResult { TaskId = task.TaskId, State = TaskState.Queued })],
        },
        SearchTasks { Count: true } search => new TaskMatches { Count = 2, PartCounts = [.. search.Parts.Select(_ => 1)] },
        SearchTasks => new TaskMatches { Tasks = [Entry("t-1")], Places = [SearchPlace.OfId(new("t-1"))] },
        ListTasks => new TaskPage { Tasks = [Entry("t-1"), Entry("t-2")] },
        GetTask get => new TaskInfo { TaskId = get.TaskId, Queue = new("cpu_standard"), Payload = JsonText.Trusted("""{"a":1}""") },
        GetTaskDecisions get => new TaskDecisions { Decisions = [Decision(get.TaskId.Value)] },
        RequeueTask or CancelTask or DrainWorker or ResumeWorker or UnregisterWorker or OpenSession => Done.Instance,
        RequeueTasks or CancelTasks or ChangeTasks => new TasksAffected { Count = 2, Sample = [new("t-1"), new("t-2")] },
        ExtendLease extend => new LeaseResults { Results = [new() { TaskId = extend.TaskId, Epoch = extend.Epoch, Deadline = Time }] },
        ReportProgress report => new LeaseResults { Results = [new() { TaskId = report.TaskId, Epoch = report.Epoch, Stored = true }] },
        ReleaseLeases release => new LeaseResults
        {
            Results = [.. release.Leases.Select(lease => new LeaseResult { TaskId = lease.TaskId, Epoch = lease.Epoch })],
        },
        CompleteTasks complete => new LeaseResults
        {
            Results = [.. complete.Completions.Select(lease => new LeaseResult { TaskId = lease.TaskId, Epoch = lease.Epoch })],
        },
        ReportFailure report => Decision(report.TaskId.Value),
        AwaitDecision wait => Decision(wait.TaskId.Value),
        ForeseeDecision question => Decision(question.TaskId.Value),
        RegisterWorker register => new WorkerRegisteredReply { WorkerId = register.WorkerId, Message = "registered" },
        Heartbeat => new HeartbeatReply { Leases = [Lease("t-1")] },
        RequestLeases => new LeasesGranted { Leases = [Leased("t-1")] },
        RecordSuccesses record => new WorkerReliabilityScore { WorkerId = record.WorkerId },
        SetBreaker set => new WorkerReliabilityScore { WorkerId = set.WorkerId },
        GetWorkerReliability get => new WorkerReliabilityScore { WorkerId = get.WorkerId, TotalTasks = 7 },
        TakeWorkerOffline take => new WorkerTakenOffline
        {
            WorkerId = take.WorkerId,
            LossId = new("loss-1"),
            Leases = [Lease("t-1"), Lease("t-2")],
        },
        GetWorker get => Worker(get.WorkerId.Value),
        FindWorker find => new WorkerSeen { Bucket = find.Bucket, WorkerId = find.WorkerId, At = Time },
        AdmitWorker => Done.Instance,
        ListWorkers list => new WorkerPage { Workers = list.Bucket == 0 ? [Worker("w-1"), Worker("w-3")] : [] },
        GetWorkerStats => new WorkerStats
        {
            TotalWorkers = 3,
            ActiveCircuitBreakers = 1,
            ByCapability = ImmutableSortedDictionary<string, int>.Empty.Add("gpu", 3),
        },
        ListFailures list => new FailurePage { Decisions = list.Partition == 0 ? [Decision("t-1")] : [] },
        ListStaleReports list => new StaleReportPage
        {
            Reports = list.Partition == 0 ? [new() { TaskId = new("t-1"), At = Time, Detail = "w-2 holds it" }] : [],
        },
        GetFailureStatistics => new FailureStatistics
        {
            TotalFailures = 2,
            FailureByType = ImmutableSortedDictionary<string, long>.Empty.Add("task_timeout", 2),
        },
        GetQueueDemand => new QueueDemandReply
        {
            Queues = [new() { Queue = new("cpu_standard"), Queued = 4, Leased = 2, ComingDue = 1, OldestSince = Time }],
        },
        GetLeaseHolders => new LeaseHolders { Workers = [new("w-2")] },
        ListIdleWorkers list => new IdleWorkers
        {
            Workers = list.Bucket == 0 ? [new() { WorkerId = new("w-1"), Draining = true }, new() { WorkerId = new("w-2") }] : [],
            Alive = [new() { Alive = 3, Available = 1 }],
        },
        GetQueueStats => new QueueStatsReply { Queues = [new() { QueueType = new("cpu_standard"), PendingTasks = 4, WorkerCount = 9 }] },
        ListAudit list => new AuditPage
        {
            Entries = list.Partition == 0 ? [AuditOf("queue-0:2", "=1+1"), AuditOf("queue-0:1", "it said \"stop\", twice")] : [],
        },
        ListAlerts => new AlertPage { Alerts = [AlertOf("17", AlertState.Active)] },
        GetAlert get => new AlertReply { Alert = AlertOf(get.Id, AlertState.Active) },
        AcknowledgeAlert call => new AlertReply { Alert = AlertOf(call.Id, AlertState.Acknowledged) with { AcknowledgedBy = call.By } },
        UnacknowledgeAlert call => new AlertReply { Alert = AlertOf(call.Id, AlertState.Active) },
        ListWebhooks => new WebhookList { Webhooks = [new() { Name = "ops", Host = "hooks.example" }] },
        TestWebhook => new WebhookTestReport { Results = [new() { Name = "ops", Delivered = true, Detail = "it answered 200" }] },
        GetAlertSettings or SetAlertSettings => new AlertSettingsReport
        {
            Thresholds = new Morag.Failover.Domain.Settings.AlertSettings().ToThresholds(),
            Configured = new Morag.Failover.Domain.Settings.AlertSettings().ToThresholds(),
        },
        RecordAudit record => new AuditRecorded { UpTo = record.UpTo },
        PauseQueue pause => Control(pause.Queue, pause.By),
        ResumeQueue resume => Control(resume.Queue, null),
        SetQueueLimits set => Control(set.Queue, null),
        GetQueueControl get => Control(get.Queue, null),
        _ => null,
    };

    public static Alert AlertOf(string id, AlertState state) => new()
    {
        Id = id,
        Key = "worker_lost:w-1",
        Kind = AlertKind.WorkerLost,
        Severity = AlertSeverity.Warning,
        Component = "w-1",
        Message = "Worker w-1 is lost.",
        State = state,
        RaisedAt = Time,
        ChangedAt = Time,
    };

    public static AuditEntry AuditOf(string id, string reason) => new()
    {
        Id = id,
        At = Time,
        By = "anna",
        Action = AuditAction.QueuePause,
        Target = "cpu_standard",
        Reason = reason,
    };

    public static QueueControlReport Control(QueueName queue, string? pausedBy) => new()
    {
        QueueType = queue,
        Pause = pausedBy is null ? null : new() { At = Time, By = pausedBy, Reason = "a bad model" },
        Limits = new() { PerWorker = 2 },
        Configured = new() { PerWorker = 4 },
    };

    public static QueueEntry Entry(string task) => new() { TaskId = new(task), QueueType = new("cpu_standard"), SubmittedAt = Time };

    public static HeldLease Lease(string task) => new() { TaskId = new(task), Epoch = new(1), Queue = new("cpu_standard") };

    public static LeasedTask Leased(string task) => new() { TaskId = new(task), Epoch = new(1), Queue = new("cpu_standard"), Attempt = 1 };

    public static WorkerInfo Worker(string worker) => new()
    {
        Registration = new() { WorkerId = new(worker), Capability = WorkerCapability.Gpu },
    };

    public static FailoverDecision Decision(string task, DateTimeOffset? at = null) => new()
    {
        TaskId = new(task),
        FailureEvent = new()
        {
            EventId = new("e-" + task),
            TaskId = new(task),
            FailureType = FailureType.TaskTimeout,
            OccurredAt = at ?? Time,
        },
        SelectedAction = new() { Strategy = FailoverStrategy.ReassignSameQueue, Reason = "the rule" },
        DecisionMetadata = new() { FailureId = new("f-" + task), Executed = true },
    };
}
