using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>What a bulk action does with each task.</summary>
public enum BulkKind
{
    /// <summary>Requeues parked tasks. It cannot be undone.</summary>
    Requeue = 1,

    /// <summary>Cancels unfinished tasks. It cannot be undone.</summary>
    Cancel = 2,

    /// <summary>Gives unfinished tasks another priority.</summary>
    Prioritize = 3,

    /// <summary>Moves tasks that no worker holds, and that wait for no decision, to another queue.</summary>
    Move = 4,

    /// <summary>Gives tasks back the priority or the queue that they had before another bulk action.</summary>
    Undo = 5,
}

/// <summary>A bulk action: what, on which tasks, why, and who wants it.</summary>
[ProtoContract]
public sealed record BulkOrder
{
    /// <summary>
    /// The id. An action that is repeated with its id leaves out the tasks that it has changed, unless another bulk action changed them
    /// since.
    /// </summary>
    [ProtoMember(1)] public required RequestId Id { get; init; }

    /// <summary>What it does.</summary>
    [ProtoMember(2)] public required BulkKind Kind { get; init; }

    /// <summary>The filter that selects the tasks, in the search language.</summary>
    [ProtoMember(3)] public required string Filter { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token, or <c>-</c>. Over HTTP, the node sets it.</summary>
    [ProtoMember(5)] public string By { get; init; } = OperatorChange.Nobody;

    /// <summary>The new priority, to prioritize.</summary>
    [ProtoMember(6)] public TaskPriority? Priority { get; init; }

    /// <summary>The new queue, to move; optional to requeue.</summary>
    [ProtoMember(7)] public QueueName? Queue { get; init; }

    /// <summary>The action to undo.</summary>
    [ProtoMember(8)] public RequestId? Undoes { get; init; }
}

/// <summary>
/// Carries out a bulk action in one partition, some tasks at a time. The reply, sent when all changes are durable, is
/// <see cref="TasksAffected"/>. A call whose outcome is unknown can be repeated with the same id: it continues with the tasks that are
/// left.
/// </summary>
[ProtoContract(Name = "change-tasks")]
public sealed record ChangeTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The action.</summary>
    [ProtoMember(2)] public required BulkOrder Order { get; init; }

    /// <summary>The time by which ages are counted.</summary>
    [ProtoMember(3)] public required DateTimeOffset At { get; init; }

    /// <summary>If true, changes nothing and only reports the tasks.</summary>
    [ProtoMember(4)] public bool DryRun { get; init; }
}

/// <summary>What a bulk action has done so far, from the tasks that it changed.</summary>
public sealed record BulkReport
{
    /// <summary>The id.</summary>
    public required RequestId Id { get; init; }

    /// <summary>The tasks that it has changed and that no later bulk action has changed.</summary>
    public required int Changed { get; init; }
}
