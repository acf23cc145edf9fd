using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>The last bulk action that changed a task, and what the task had before, to undo it.</summary>
[ProtoContract]
public sealed record BulkMark
{
    [ProtoMember(1)] public required RequestId Id { get; init; }
    [ProtoMember(2)] public required BulkKind Kind { get; init; }

    /// <summary>The priority before; null unless the action changed it.</summary>
    [ProtoMember(3)] public TaskPriority? Priority { get; init; }

    /// <summary>The queue before; null unless the action changed it.</summary>
    [ProtoMember(4)] public QueueName? Queue { get; init; }
}
