using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Workers;

/// <summary>An entry of a worker's record: a failed task, or successes in a row at one kind of work.</summary>
[ProtoContract]
public sealed record WorkOutcome
{
    /// <summary>The failed task; null for successes.</summary>
    [ProtoMember(1)] public TaskId? FailedTask { get; init; }

    /// <summary>The failure; null for successes.</summary>
    [ProtoMember(2)] public FailureId? FailureId { get; init; }

    /// <summary>The queue of the work; null for tasks that are not in a queue here.</summary>
    [ProtoMember(3)] public QueueName? Queue { get; init; }

    /// <summary>The content type of the work.</summary>
    [ProtoMember(4)] public string? ContentType { get; init; }

    /// <summary>The number of successes, 1 or more; 1 for a failure.</summary>
    [ProtoMember(5)] public int Count { get; init; } = 1;

    /// <summary>Whether the failure was attributed to the task.</summary>
    [ProtoMember(6)] public bool Excused { get; init; }
}
