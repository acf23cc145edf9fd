namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Takes a decision to park back: the workers whose failures it rested on turned out to fail everything they are given. The coordinator
/// sends it until the queue answers with <see cref="UnparkOutcome"/>. It applies only while the task is parked by that decision.
/// </summary>
[ProtoContract(Name = "unpark")]
public sealed record Unpark : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>Why it is taken back.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>A worker to avoid while any other live one can take the task.</summary>
    [ProtoMember(4)] public WorkerId? Avoid { get; init; }

    /// <summary>The failures of the task that are their workers' fault.</summary>
    [ProtoMember(5)] public ImmutableArray<FailureId> WorkersFault { get; init; } = [];
}

/// <summary>What became of an <see cref="Unpark"/>, durably. Repeating the message gives the same answer.</summary>
[ProtoContract(Name = "unpark-outcome")]
public sealed record UnparkOutcome : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>True: queued again. False: something else came first.</summary>
    [ProtoMember(3)] public bool Applied { get; init; }

    /// <summary>Where the task is, in words.</summary>
    [ProtoMember(4)] public string Detail { get; init; } = "";
}

/// <summary>Asks the queue whether a task is still parked by a decision. Answer: <see cref="ParkedAnswer"/>.</summary>
[ProtoContract(Name = "ask-whether-parked")]
public sealed record AskWhetherParked : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }
}

/// <summary>The answer to <see cref="AskWhetherParked"/>.</summary>
[ProtoContract(Name = "parked-answer")]
public sealed record ParkedAnswer : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision parked it.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>Whether it is parked by that decision.</summary>
    [ProtoMember(3)] public bool Parked { get; init; }
}

/// <summary>
/// A hint to the coordinator: a task that had failed before went on. Sent once; where it is lost, the experience with strategies misses one
/// success, and the coordinator asks before it forgets what it takes for parked.
/// </summary>
[ProtoContract(Name = "task-went-on")]
public sealed record TaskWentOn : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>True: it succeeded. False: an operator requeued or cancelled it.</summary>
    [ProtoMember(2)] public bool Succeeded { get; init; }
}
