using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Records a failure in a worker's score, once per <see cref="FailureId"/>, and once per <see cref="LossId"/> if the failure is part of a
/// loss. Reply, once durable: <see cref="FailureRecorded"/>.
/// </summary>
[ProtoContract(Name = "record-failure")]
public sealed record RecordFailure : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>What failed.</summary>
    [ProtoMember(3)] public required FailureType FailureType { get; init; }

    /// <summary>The loss it is part of.</summary>
    [ProtoMember(4)] public LossId? LossId { get; init; }

    /// <summary>When it happened.</summary>
    [ProtoMember(5)] public DateTimeOffset OccurredAt { get; init; }

    /// <summary>
    /// The lease that ended, so that only the failure of a probe reopens a half-open breaker; 0 for tasks that are not in a queue here.
    /// </summary>
    [ProtoMember(6)] public LeaseEpoch Epoch { get; init; }

    /// <summary>The task that failed.</summary>
    [ProtoMember(7)] public required TaskId TaskId { get; init; }

    /// <summary>False for a loss that was planned or that no healthy node observed: the score does not change.</summary>
    [ProtoMember(8)] public bool Counts { get; init; } = true;

    /// <summary>The queue that the task was leased from; null for a task that is not in a queue here.</summary>
    [ProtoMember(9)] public QueueName? Queue { get; init; }

    /// <summary>The task's content type.</summary>
    [ProtoMember(10)] public string? ContentType { get; init; }

    /// <summary>
    /// Whether the failure is only imagined: the reply tells how the worker would stand after it, and nothing is recorded.
    /// </summary>
    [ProtoMember(11)] public bool IsImagined { get; init; }
}

/// <summary>The failure is recorded. Carries the facts about the worker that the policy needs.</summary>
[ProtoContract(Name = "failure-recorded")]
public sealed record FailureRecorded : ITaskMessage
{
    /// <summary>The failure.</summary>
    [ProtoMember(1)] public required FailureId FailureId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The worker, after the failure.</summary>
    [ProtoMember(3)] public required WorkerStanding Worker { get; init; }

    /// <summary>The evidence of the worker's record about this failure.</summary>
    [ProtoMember(4)] public Testimony? Testimony { get; init; }
}
