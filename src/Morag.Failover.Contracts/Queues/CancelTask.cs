using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Cancels a task that has not finished. The reply, sent when the change is durable, is <see cref="Done"/> or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "cancel-task")]
public sealed record CancelTask : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The reason, for the history.</summary>
    [ProtoMember(2)] public string Reason { get; init; } = "";

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(3)] public string? By { get; init; }
}

/// <summary>Cancels the tasks of one partition that match a filter. The reply is <see cref="TasksAffected"/>.</summary>
[ProtoContract(Name = "cancel-tasks")]
public sealed record CancelTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Which tasks. At least one field must be set, except for a dry run.</summary>
    [ProtoMember(2)] public TaskFilter Filter { get; init; } = new();

    /// <summary>The reason, for the history.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>If true, changes nothing and only reports the tasks.</summary>
    [ProtoMember(4)] public bool DryRun { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(5)] public string? By { get; init; }
}
