using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Selects tasks. A field that is null matches every task.</summary>
[ProtoContract]
public sealed record TaskFilter
{
    /// <summary>Only tasks in this state.</summary>
    [ProtoMember(1)] public TaskState? State { get; init; }

    /// <summary>Only tasks in this queue.</summary>
    [ProtoMember(2)] public QueueName? Queue { get; init; }

    /// <summary>Only tasks that this worker holds or held last.</summary>
    [ProtoMember(3)] public WorkerId? Worker { get; init; }
}

/// <summary>The tasks that a bulk call changed, or would change in a dry run.</summary>
[ProtoContract(Name = "tasks-affected")]
public sealed record TasksAffected : IWireMessage
{
    /// <summary>The number of tasks.</summary>
    [ProtoMember(1)] public int Count { get; init; }

    /// <summary>The first 100 of them.</summary>
    [ProtoMember(2)] public ImmutableArray<TaskId> Sample { get; init; } = [];
}
