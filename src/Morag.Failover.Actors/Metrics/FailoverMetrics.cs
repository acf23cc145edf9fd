namespace Morag.Failover.Actors.Metrics;

/// <summary>
/// Every metric of a node, with its unit, its meaning and its labels. docs/metrics.md is compared with this list. A metric about shared
/// state comes from the node that runs the owner of that state, so a sum over all nodes counts nothing twice.
/// </summary>
public static class FailoverMetrics
{
    /// <summary>Accepted submissions.</summary>
    public static readonly Metric TasksSubmitted = Counter(
        "morag.tasks.submitted", "{task}", "Tasks that were accepted. A repeated submission is not counted.", MetricLabels.Queue);

    /// <summary>Tasks that ended.</summary>
    public static readonly Metric TasksFinished = Counter(
        "morag.tasks.finished", "{task}", "Tasks that succeeded or were cancelled.", MetricLabels.Queue, MetricLabels.TaskState);

    /// <summary>Unfinished tasks by state.</summary>
    public static readonly Metric Tasks = Gauge(
        "morag.tasks", "{task}", "Unfinished tasks.", MetricLabels.Queue, MetricLabels.TaskState);

    /// <summary>The bytes of all tasks.</summary>
    public static readonly Metric TasksSize = Gauge(
        "morag.tasks.size", "By", "Bytes of all tasks, finished ones included, as `max-bytes` counts them.");

    /// <summary>Paused queues.</summary>
    public static readonly Metric QueuePaused = Gauge(
        "morag.queue.paused",
        "1",
        "1 while an operator has paused the queue, so that workers get none of its tasks, otherwise 0. Take the maximum over the nodes.",
        MetricLabels.Queue);

    /// <summary>The longest wait.</summary>
    public static readonly Metric OldestAge = Gauge(
        "morag.queue.oldest.age",
        "s",
        "How long the longest waiting queued task has been in its queue; 0 if none waits. Delayed tasks do not count. "
        + "Take the maximum over the nodes.",
        MetricLabels.Queue);

    /// <summary>From queued to leased.</summary>
    public static readonly Metric LeaseWait = Duration(
        "morag.lease.wait.duration", "Time from when a task was queued, or queued again, until it was leased.", MetricLabels.Queue);

    /// <summary>From leased to known by the worker.</summary>
    public static readonly Metric LeasePickup = Duration(
        "morag.lease.pickup.duration",
        "Time from when a worker's owner got a lease for it until the worker's first heartbeat that lists the lease. Leases that end "
        + "before are not counted.");

    /// <summary>From leased to completed.</summary>
    public static readonly Metric TaskDuration = Duration(
        "morag.task.duration", "Time from the last lease of a task until its completion was accepted.", MetricLabels.Queue);

    /// <summary>Failures.</summary>
    public static readonly Metric Failures = Counter(
        "morag.failures", "{failure}", "Failures that were decided. Each failure counts once.", MetricLabels.FailureType);

    /// <summary>Decisions.</summary>
    public static readonly Metric Decisions = Counter(
        "morag.decisions", "{decision}", "Decisions about failures.", MetricLabels.Strategy, MetricLabels.Rule);

    /// <summary>What became of decisions.</summary>
    public static readonly Metric DecisionOutcomes = Counter(
        "morag.decision.outcomes", "{decision}", "Decisions that were carried out or superseded.", MetricLabels.Outcome);

    /// <summary>From failure to decision.</summary>
    public static readonly Metric DecisionDuration = Duration(
        "morag.decision.duration", "Time from when the cluster learned of a failure until the decision was stored.");

    /// <summary>From failure to the next lease.</summary>
    public static readonly Metric RecoveryDuration = Duration(
        "morag.recovery.duration",
        "Time from when the cluster learned of a failure until the task was leased again, including the delay of the decision. "
        + "Tasks that an operator requeued are not counted.",
        MetricLabels.Queue,
        MetricLabels.FailureType);

    /// <summary>Workers.</summary>
    public static readonly Metric Workers = Gauge(
        "morag.workers", "{worker}", "Registered workers.", MetricLabels.Capability, MetricLabels.Liveness, MetricLabels.Draining);

    /// <summary>Breakers that are not closed.</summary>
    public static readonly Metric Breakers = Gauge(
        "morag.breakers", "{breaker}", "Breakers of registered workers that are open or half-open.", MetricLabels.BreakerState);

    /// <summary>Changes of breakers.</summary>
    public static readonly Metric BreakerTransitions = Counter(
        "morag.breaker.transitions", "{transition}", "Breakers that changed to this state.", MetricLabels.BreakerState);

    /// <summary>Changes of workers.</summary>
    public static readonly Metric WorkerChanges = Counter(
        "morag.worker.changes",
        "{change}",
        "Changes of workers, such as `registered`, `suspect`, `lost` and `back`. The live events of workers have the same names.",
        MetricLabels.WorkerChange);

    /// <summary>Heartbeats.</summary>
    public static readonly Metric Heartbeats = Counter(
        "morag.heartbeats", "{heartbeat}", "Heartbeats that were accepted. Beats in WebSocket sessions are not counted.");

    /// <summary>The suspicion that silences reached.</summary>
    public static readonly Metric Phi = new(
        "morag.worker.phi",
        MetricKind.Histogram,
        "1",
        "How suspicious the silence before a heartbeat had become (phi, at most 100), for workers that declare a heartbeat interval. "
        + "Values near `suspect-phi` mean that heartbeats are often late.",
        []);

    /// <summary>Repeated messages.</summary>
    public static readonly Metric Resends = Counter(
        "morag.resends",
        "{message}",
        "Messages between owners that were sent again because they were not acknowledged in time.",
        MetricLabels.Message);

    /// <summary>The time that writes take.</summary>
    public static readonly Metric JournalWrite = Duration(
        "morag.journal.write.duration", "Time from a decision of an owner until its event was stored.", MetricLabels.Owner);

    /// <summary>The bytes of events.</summary>
    public static readonly Metric JournalBytes = Counter(
        "morag.journal.io", "By", "Estimated bytes of stored events.", MetricLabels.Owner);

    /// <summary>The time that snapshots take.</summary>
    public static readonly Metric SnapshotWrite = Duration(
        "morag.snapshot.write.duration",
        "Time from when a snapshot was due until it was stored. Large snapshots give way to calls and take long by design.",
        MetricLabels.Owner);

    /// <summary>The bytes of snapshots.</summary>
    public static readonly Metric SnapshotBytes = Counter(
        "morag.snapshot.io", "By", "Estimated bytes of stored snapshots.", MetricLabels.Owner);

    /// <summary>Failed reads and writes.</summary>
    public static readonly Metric StoreFailures = Counter(
        "morag.store.failures", "{failure}", "Reads and writes that failed because the store did not work. Each owner counts its own.");

    /// <summary>Owners that fail.</summary>
    public static readonly Metric OwnersFailing = Gauge(
        "morag.owners.failing", "{owner}", "Owners of state on this node that fail; their calls get 503.");

    /// <summary>Open alerts.</summary>
    public static readonly Metric AlertsActive = Gauge(
        "morag.alerts.active",
        "{alert}",
        "Open alerts, acknowledged ones included. The node that runs the owner of alerts gives it.",
        MetricLabels.AlertSeverity,
        MetricLabels.AlertState);

    /// <summary>Attempts to send changes of alerts.</summary>
    public static readonly Metric WebhookDeliveries = Counter(
        "morag.webhook.deliveries",
        "{attempt}",
        "Changes of alerts that are sent to a webhook: `delivered` and `failed` count attempts; "
        + "`dropped` counts changes that were given up.",
        MetricLabels.Webhook,
        MetricLabels.WebhookResult);

    /// <summary>Values above the size limit.</summary>
    public static readonly Metric ValuesTooLarge = Counter(
        "morag.values.too_large", "{value}", "Messages and stored values of more than 4 MiB; each one is a defect.", MetricLabels.Message);

    /// <summary>Unreachable members.</summary>
    public static readonly Metric Unreachable = Gauge(
        "morag.cluster.unreachable",
        "{node}",
        "Nodes that this node believes to be unreachable. Each node counts by itself: take the maximum over the nodes.");

    /// <summary>The patience of the node.</summary>
    public static readonly Metric Patience = Gauge(
        "morag.node.patience", "1", "Factor by which this node stretches the timeouts of workers, 1 to 8.");

    /// <summary>Late timers.</summary>
    public static readonly Metric TimerLag = Gauge(
        "morag.node.timer.lag", "s", "Longest delay of a timer in the last ten seconds.");

    /// <summary>Skipped timers.</summary>
    public static readonly Metric MissedTimers = Gauge(
        "morag.node.timer.missed", "{tick}", "Timer ticks that were skipped in the last ten seconds.");

    /// <summary>Late messages.</summary>
    public static readonly Metric SchedulerLag = Gauge(
        "morag.node.scheduler.lag", "s", "Longest delay of a scheduled message in the last ten seconds.");

    /// <summary>Pauses by garbage collection.</summary>
    public static readonly Metric GcPause = Gauge(
        "morag.node.gc.pause", "s", "Longest pause by garbage collection in the last ten seconds.");

    /// <summary>The slowest write.</summary>
    public static readonly Metric JournalLag = Gauge(
        "morag.node.journal.lag", "s", "Longest write of the journal in the last ten seconds.");

    /// <summary>Every metric, in the order of the documentation.</summary>
    public static ImmutableArray<Metric> All { get; } =
    [
        TasksSubmitted, TasksFinished, Tasks, TasksSize, OldestAge, QueuePaused, LeaseWait, LeasePickup, TaskDuration,
        Failures, Decisions, DecisionOutcomes, DecisionDuration, RecoveryDuration,
        Workers, Breakers, BreakerTransitions, WorkerChanges, Heartbeats, Phi,
        Resends, JournalWrite, JournalBytes, SnapshotWrite, SnapshotBytes, StoreFailures, OwnersFailing, AlertsActive,
        WebhookDeliveries, ValuesTooLarge,
        Unreachable, Patience, TimerLag, MissedTimers, SchedulerLag, GcPause, JournalLag,
    ];

    private static Metric Counter(string name, string unit, string meaning, params ImmutableArray<string> labels) =>
        new(name, MetricKind.Counter, unit, meaning, labels);

    private static Metric Gauge(string name, string unit, string meaning, params ImmutableArray<string> labels) =>
        new(name, MetricKind.Gauge, unit, meaning, labels);

    private static Metric Duration(string name, string meaning, params ImmutableArray<string> labels) =>
        new(name, MetricKind.Histogram, "s", meaning, labels);
}
