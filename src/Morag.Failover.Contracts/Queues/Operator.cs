using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>An operator takes a parked task up again. Answer, once durable: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "requeue-task")]
public sealed record RequeueTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The queue; null means the one it is in.</summary>
    [ProtoMember(2)] public QueueName? Queue { get; init; }

    /// <summary>The quality settings; null keeps them.</summary>
    [ProtoMember(3)] public JsonText? Quality { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }
}

/// <summary>Cancels a task that has not ended. Answer, once durable: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "cancel-task")]
public sealed record CancelTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public string Reason { get; init; } = "";
}

/// <summary>Which tasks are meant. What is null does not restrict.</summary>
[ProtoContract]
public sealed record TaskFilter
{
    /// <summary>Only tasks in this state.</summary>
    [ProtoMember(1)] public TaskState? State { get; init; }

    /// <summary>Only tasks of this queue.</summary>
    [ProtoMember(2)] public QueueName? Queue { get; init; }

    /// <summary>Only tasks that this worker holds, or held last.</summary>
    [ProtoMember(3)] public WorkerId? Worker { get; init; }
}

/// <summary>Requeues the parked tasks of one partition that match. Answer: <see cref="TasksAffected"/>.</summary>
[ProtoContract(Name = "requeue-tasks")]
public sealed record RequeueTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>True: only say which.</summary>
    [ProtoMember(4)] public bool DryRun { get; init; }

    /// <summary>The queue; null means the one each is in.</summary>
    [ProtoMember(5)] public QueueName? Queue { get; init; }

    /// <summary>The quality settings; null keeps them.</summary>
    [ProtoMember(6)] public JsonText? Quality { get; init; }
}

/// <summary>Cancels the tasks of one partition that match. Answer: <see cref="TasksAffected"/>.</summary>
[ProtoContract(Name = "cancel-tasks")]
public sealed record CancelTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which; at least one field must be given, except for a dry run.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>True: only say which.</summary>
    [ProtoMember(4)] public bool DryRun { get; init; }
}

/// <summary>The tasks that a call for many changed, or would change.</summary>
[ProtoContract(Name = "tasks-affected")]
public sealed record TasksAffected : IWireMessage
{
    /// <summary>How many.</summary>
    [ProtoMember(1)] public int Count { get; init; }

    /// <summary>The first 100 of them.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskId> Sample { get; init; } = [];
}
