using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Requeues a parked task. The reply, sent when the change is durable, is <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "requeue-task")]
public sealed record RequeueTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The new queue; null keeps the current one.</summary>
    [ProtoMember(2)] public QueueName? Queue { get; init; }

    /// <summary>The new quality settings; null keeps the current ones.</summary>
    [ProtoMember(3)] public JsonText? Quality { get; init; }

    /// <summary>The reason, for the history.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(5)] public string? By { get; init; }
}

/// <summary>Requeues the parked tasks of one partition that match a filter. The reply is <see cref="TasksAffected"/>.</summary>
[ProtoContract(Name = "requeue-tasks")]
public sealed record RequeueTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which tasks.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>The reason, for the history.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>If true, changes nothing and only reports the tasks.</summary>
    [ProtoMember(4)] public bool DryRun { get; init; }

    /// <summary>The new queue; null keeps each task's own.</summary>
    [ProtoMember(5)] public QueueName? Queue { get; init; }

    /// <summary>The new quality settings; null keeps each task's own.</summary>
    [ProtoMember(6)] public JsonText? Quality { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(7)] public string? By { get; init; }
}
