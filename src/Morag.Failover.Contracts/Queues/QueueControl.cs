using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Pauses a queue: workers get no new tasks from it. Submissions, failures and completions go on. The reply, once it is durable, is
/// <see cref="QueueControlReport"/> or <see cref="Refused"/>. A queue that is already paused stays paused as it is.
/// </summary>
[ProtoContract(Name = "pause-queue")]
public sealed record PauseQueue : IPartitionMessage
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token, or <c>-</c>. Over HTTP, the node sets it.</summary>
    [ProtoMember(3)] public string By { get; init; } = OperatorChange.Nobody;

    /// <inheritdoc />
    int IPartitionMessage.Partition => QueueControlReport.OwnerPartition;
}

/// <summary>
/// Ends the pause of a queue. The reply is <see cref="QueueControlReport"/> or <see cref="Refused"/>. A queue that is not paused stays as
/// it is.
/// </summary>
[ProtoContract(Name = "resume-queue")]
public sealed record ResumeQueue : IPartitionMessage
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token, or <c>-</c>. Over HTTP, the node sets it.</summary>
    [ProtoMember(3)] public string By { get; init; } = OperatorChange.Nobody;

    /// <inheritdoc />
    int IPartitionMessage.Partition => QueueControlReport.OwnerPartition;
}

/// <summary>
/// Changes limits of a queue. They take precedence over the configuration until they are reset, also after restarts. The reply is
/// <see cref="QueueControlReport"/> or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "set-queue-limits")]
public sealed record SetQueueLimits : IPartitionMessage
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>The new limits. Those that are null stay as they are.</summary>
    [ProtoMember(2)] public QueueLimits Limits { get; init; } = new();

    /// <summary>The limits that follow the configuration again.</summary>
    [ProtoMember(3)] public ImmutableArray<QueueLimit> Reset { get; init; } = [];

    /// <summary>Why.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token, or <c>-</c>. Over HTTP, the node sets it.</summary>
    [ProtoMember(5)] public string By { get; init; } = OperatorChange.Nobody;

    /// <inheritdoc />
    int IPartitionMessage.Partition => QueueControlReport.OwnerPartition;
}

/// <summary>Asks for the pause and the limits of a queue. The reply is <see cref="QueueControlReport"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "get-queue-control")]
public sealed record GetQueueControl : IPartitionMessage
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <inheritdoc />
    int IPartitionMessage.Partition => QueueControlReport.OwnerPartition;
}

/// <summary>Whether a queue is paused, and its limits.</summary>
[ProtoContract(Name = "queue-control-report")]
public sealed record QueueControlReport : IWireMessage
{
    /// <summary>The queue partition that owns the pauses and limits of all queues. It tells the others.</summary>
    public const int OwnerPartition = 0;

    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName QueueType { get; init; }

    /// <summary>Who paused it, when and why; null if it is not paused.</summary>
    [ProtoMember(2)] public OperatorChange? Pause { get; init; }

    /// <summary>The limits in force. All are set.</summary>
    [ProtoMember(3)] public required QueueLimits Limits { get; init; }

    /// <summary>The limits of the configuration, of the node that answers. All are set.</summary>
    [ProtoMember(4)] public required QueueLimits Configured { get; init; }

    /// <summary>The limits that an operator changed, and that take precedence over the configuration.</summary>
    [ProtoMember(5)] public ImmutableArray<QueueLimit> Overridden { get; init; } = [];

    /// <summary>Who changed the limits last, when and why; null if all follow the configuration.</summary>
    [ProtoMember(6)] public OperatorChange? LimitsChanged { get; init; }

    /// <summary>
    /// Queue partitions, by persistence id, that have not stored the latest change yet, such as one that is down. It takes effect there
    /// when they serve.
    /// </summary>
    [ProtoMember(7)] public ImmutableArray<string> NotYetOn { get; init; } = [];
}

/// <summary>Who changed something, when and why.</summary>
[ProtoContract]
public sealed record OperatorChange
{
    /// <summary>Stands for an operator whose name is not known.</summary>
    public const string Nobody = "-";

    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The name of the operator's token; <c>-</c> if the token has no name, or none is required.</summary>
    [ProtoMember(2)] public required string By { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }
}
