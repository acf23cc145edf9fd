namespace Morag.Failover.Contracts.Alerts;

/// <summary>Something that needs attention, from the time it is noticed until it is over.</summary>
[ProtoContract]
public sealed record Alert
{
    /// <summary>The number of this occurrence, such as <c>17</c>. Numbers are never used twice.</summary>
    [ProtoMember(1)] public required string Id { get; init; }

    /// <summary>What it is about, such as <c>worker_lost:gpu-3</c>. There is at most one open alert for each key.</summary>
    [ProtoMember(2)] public required string Key { get; init; }

    /// <summary>The rule that raised it.</summary>
    [ProtoMember(3)] public required AlertKind Kind { get; init; }

    /// <summary>How bad it is. It can become worse, or better, while the alert is open.</summary>
    [ProtoMember(4)] public required AlertSeverity Severity { get; init; }

    /// <summary>
    /// The queue, worker, node or owner; <c>tasks</c> or <c>store</c> for a rule about all of them; <see cref="Others"/> for those beyond
    /// the most alerts of one kind.
    /// </summary>
    [ProtoMember(5)] public required string Component { get; init; }

    /// <summary>What happened, what it affects and what to do, for people.</summary>
    [ProtoMember(6)] public required string Message { get; init; }

    /// <summary>
    /// The measured value when the alert was raised or its severity last changed: seconds for ages and latencies, 0 to 1 for rates and
    /// memory, otherwise a count. Null if the rule measures nothing.
    /// </summary>
    [ProtoMember(7)] public double? Value { get; init; }

    /// <summary>The limit that the value reached, in the same unit.</summary>
    [ProtoMember(8)] public double? Threshold { get; init; }

    /// <summary>Whether it is open, and whether somebody takes care of it.</summary>
    [ProtoMember(9)] public AlertState State { get; init; } = AlertState.Active;

    /// <summary>When it was raised.</summary>
    [ProtoMember(10)] public required DateTimeOffset RaisedAt { get; init; }

    /// <summary>Who acknowledged it: the name of a token, or <c>-</c>. Null if nobody did. It stays when the alert is resolved.</summary>
    [ProtoMember(11)] public string? AcknowledgedBy { get; init; }

    /// <summary>When it was acknowledged.</summary>
    [ProtoMember(12)] public DateTimeOffset? AcknowledgedAt { get; init; }

    /// <summary>When it was over.</summary>
    [ProtoMember(13)] public DateTimeOffset? ResolvedAt { get; init; }

    /// <summary>What the operator who acknowledged it wrote; null if nothing.</summary>
    [ProtoMember(14)] public string? Note { get; init; }

    /// <summary>When it last changed.</summary>
    [ProtoMember(15)] public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>The number of changes so far, 1 when it is raised.</summary>
    [ProtoMember(16)] public int Revision { get; init; } = 1;

    /// <summary>The component of an alert that stands for all beyond the most alerts of one kind.</summary>
    public const string Others = "*";
}

/// <summary>How bad an alert is.</summary>
public enum AlertSeverity
{
    /// <summary>Worth knowing.</summary>
    Info = 1,

    /// <summary>Look at it today.</summary>
    Warning = 2,

    /// <summary>Work is delayed or fails.</summary>
    Error = 3,

    /// <summary>The control plane does not serve, or is about to stop.</summary>
    Critical = 4,
}

/// <summary>The state of an alert.</summary>
public enum AlertState
{
    /// <summary>Open.</summary>
    Active = 1,

    /// <summary>Open, and somebody takes care of it.</summary>
    Acknowledged = 2,

    /// <summary>Over.</summary>
    Resolved = 3,
}

/// <summary>The rule that raises an alert.</summary>
public enum AlertKind
{
    /// <summary>The breaker of a worker is open.</summary>
    BreakerOpen = 1,

    /// <summary>A worker is lost.</summary>
    WorkerLost = 2,

    /// <summary>A worker is lost and back again, over and over.</summary>
    WorkerFlapping = 3,

    /// <summary>Tasks are parked.</summary>
    TasksParked = 4,

    /// <summary>A task waits in a queue for longer than the limit.</summary>
    QueueOld = 5,

    /// <summary>No available worker can run the tasks of a queue.</summary>
    QueueUnserved = 6,

    /// <summary>Too many attempts fail.</summary>
    FailureRate = 7,

    /// <summary>The store answers slowly.</summary>
    StoreSlow = 8,

    /// <summary>The store is almost full.</summary>
    StoreFull = 9,

    /// <summary>A node is unreachable.</summary>
    NodeUnreachable = 10,

    /// <summary>An owner of state does not serve.</summary>
    OwnerDown = 11,
}
