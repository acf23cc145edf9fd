namespace Morag.Failover.Actors.Metrics;

/// <summary>
/// The labels of metrics. Each has a bounded set of values. No label is the id of a task, a worker or a failure: their number is unbounded,
/// and every value of a label takes memory in each node and in the system that collects the metrics.
/// </summary>
public static class MetricLabels
{
    /// <summary>A configured queue; <c>other</c> for queues beyond the first 100, and for queues that are not configured.</summary>
    public const string Queue = "morag.queue.name";

    /// <summary>The state of a task.</summary>
    public const string TaskState = "morag.task.state";

    /// <summary>The type of a failure.</summary>
    public const string FailureType = "morag.failure.type";

    /// <summary>The strategy that was chosen.</summary>
    public const string Strategy = "morag.decision.strategy";

    /// <summary>The base rule that matched, before any guard overruled it.</summary>
    public const string Rule = "morag.decision.rule";

    /// <summary>The outcome of a decision.</summary>
    public const string Outcome = "morag.decision.outcome";

    /// <summary>The capability of a worker.</summary>
    public const string Capability = "morag.worker.capability";

    /// <summary>The liveness of a worker.</summary>
    public const string Liveness = "morag.worker.liveness";

    /// <summary>Whether a worker is draining: <c>true</c> or <c>false</c>.</summary>
    public const string Draining = "morag.worker.draining";

    /// <summary>What happened to a worker, as in its live events.</summary>
    public const string WorkerChange = "morag.worker.change";

    /// <summary>The state of a breaker.</summary>
    public const string BreakerState = "morag.breaker.state";

    /// <summary>The severity of an alert: <c>info</c>, <c>warning</c>, <c>error</c> or <c>critical</c>.</summary>
    public const string AlertSeverity = "morag.alert.severity";

    /// <summary>The state of an open alert: <c>active</c>, or <c>acknowledged</c> if an operator takes care of it.</summary>
    public const string AlertState = "morag.alert.state";

    /// <summary>A configured webhook.</summary>
    public const string Webhook = "morag.webhook.name";

    /// <summary>What became of an attempt to send: <c>delivered</c>, <c>failed</c> or <c>dropped</c>.</summary>
    public const string WebhookResult = "morag.webhook.result";

    /// <summary>
    /// The kind of an owner of state: <c>queue</c>, <c>coordinator</c>, <c>directory</c>, <c>worker</c> or <c>alerts</c>.
    /// </summary>
    public const string Owner = "morag.owner.kind";

    /// <summary>The kind of a message between owners, or of a value on the wire.</summary>
    public const string Message = "morag.message.type";
}
