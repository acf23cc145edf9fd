using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Contracts.Audit;

/// <summary>What an operator did: who, what, to what, why, and what it changed. Stored together with the change.</summary>
[ProtoContract]
public sealed record AuditEntry
{
    /// <summary>Identifies the entry, such as <c>queue-0:17</c>. An entry that is delivered twice is listed once.</summary>
    [ProtoMember(1)] public string Id { get; init; } = "";

    /// <summary>When.</summary>
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>The name of the operator's token; <c>-</c> if the token has no name, or none is required.</summary>
    [ProtoMember(3)] public string By { get; init; } = OperatorChange.Nobody;

    /// <summary>What the operator did.</summary>
    [ProtoMember(4)] public required AuditAction Action { get; init; }

    /// <summary>The task, worker, queue, node or region; for a bulk action, the filter.</summary>
    [ProtoMember(5)] public required string Target { get; init; }

    /// <summary>Why; empty if the call takes no reason.</summary>
    [ProtoMember(6)] public string Reason { get; init; } = "";

    /// <summary>What it was before, in words.</summary>
    [ProtoMember(7)] public string Before { get; init; } = "";

    /// <summary>What it was after, in words.</summary>
    [ProtoMember(8)] public string After { get; init; } = "";
}

/// <summary>An action of an operator.</summary>
public enum AuditAction
{
    /// <summary>Drain a worker.</summary>
    WorkerDrain = 1,

    /// <summary>End a drain or an operator's offline.</summary>
    WorkerResume = 2,

    /// <summary>Declare a worker lost.</summary>
    WorkerOffline = 3,

    /// <summary>Unregister a worker.</summary>
    WorkerUnregister = 4,

    /// <summary>Open a breaker.</summary>
    BreakerOpen = 5,

    /// <summary>Close a breaker.</summary>
    BreakerClose = 6,

    /// <summary>Close a breaker and clear the consecutive failures.</summary>
    BreakerReset = 7,

    /// <summary>Cancel tasks.</summary>
    TaskCancel = 8,

    /// <summary>Requeue parked tasks.</summary>
    TaskRequeue = 9,

    /// <summary>Pause a queue.</summary>
    QueuePause = 10,

    /// <summary>End the pause of a queue.</summary>
    QueueResume = 11,

    /// <summary>Change limits of a queue.</summary>
    QueueLimits = 12,

    /// <summary>Give tasks another priority.</summary>
    TaskPrioritize = 13,

    /// <summary>Move tasks to another queue.</summary>
    TaskMove = 14,

    /// <summary>Give tasks back the priority or queue that they had before a bulk action.</summary>
    TaskUndo = 15,

    /// <summary>Let a node leave the cluster.</summary>
    NodeLeave = 16,

    /// <summary>Remove a node from the cluster.</summary>
    NodeDown = 17,

    /// <summary>Change the level of a node's log.</summary>
    LogLevel = 18,

    /// <summary>Move shards to other nodes.</summary>
    ShardsMove = 19,

    /// <summary>Acknowledge an alert.</summary>
    AlertAcknowledge = 40,

    /// <summary>Take back the acknowledgement of an alert.</summary>
    AlertUnacknowledge = 41,

    /// <summary>Change the thresholds of alerts, or turn rules on or off.</summary>
    AlertSettings = 42,

    /// <summary>Remove webhooks from the configuration while changes of alerts waited for them.</summary>
    WebhookRemove = 43,
}
