namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Reverses a decision to park: the workers whose failures led to it turned out to fail every task they get. The coordinator sends it until
/// <see cref="UnparkOutcome"/> answers. It applies only while the task is still parked by that decision.
/// </summary>
[ProtoContract(Name = "unpark")]
public sealed record Unpark : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked the task.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>The worker to avoid while another live worker can run the task.</summary>
    [ProtoMember(4)] public WorkerId? Avoid { get; init; }

    /// <summary>The task's failures that are their workers' fault.</summary>
    [ProtoMember(5)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];
}

/// <summary>The result of an <see cref="Unpark"/>, sent when it is durable. Repeating the message gives the same answer.</summary>
[ProtoContract(Name = "unpark-outcome")]
public sealed record UnparkOutcome : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>True if the task is queued again; false if it had changed before.</summary>
    [ProtoMember(3)] public bool Applied { get; init; }

    /// <summary>What the task does now.</summary>
    [ProtoMember(4)] public string Detail { get; init; } = "";
}

/// <summary>Asks whether a task is still parked by a decision. The reply is <see cref="ParkState"/>.</summary>
[ProtoContract(Name = "get-park-state")]
public sealed record GetParkState : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked the task.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }
}

/// <summary>The reply to <see cref="GetParkState"/>.</summary>
[ProtoContract(Name = "park-state")]
public sealed record ParkState : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>Whether the task is still parked by that decision.</summary>
    [ProtoMember(3)] public bool Parked { get; init; }
}

/// <summary>
/// Hints to the coordinator that a task with earlier failures moved on. Sent once. If it is lost, the success rate of a strategy misses one
/// success, and the coordinator asks about tasks that it believes to be parked before it forgets them.
/// </summary>
[ProtoContract(Name = "task-moved-on")]
public sealed record TaskMovedOn : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>True if the task succeeded; false if an operator requeued or cancelled it.</summary>
    [ProtoMember(2)] public bool Succeeded { get; init; }
}
