using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Asks a queue for the facts of a failure that has not happened. Nothing changes. The reply, to the coordinator of the task, is
/// <see cref="FailureDescribed"/>.
/// </summary>
[ProtoContract(Name = "describe-failure")]
public sealed record DescribeFailure : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The id of the imagined failure, for the reply.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>What would fail.</summary>
    [ProtoMember(3)] public required FailureType FailureType { get; init; }

    /// <summary>The worker on which it would fail; null for the holder of the lease.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }
}

/// <summary>The reply to <see cref="DescribeFailure"/>.</summary>
[ProtoContract(Name = "failure-described")]
public sealed record FailureDescribed : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The id of the imagined failure.</summary>
    [ProtoMember(2)] public required FailureId FailureId { get; init; }

    /// <summary>The failure with the facts of the task; null if the partition has no such task, or the task is finished.</summary>
    [ProtoMember(3)] public LeaseFailure? Failure { get; init; }

    /// <summary>How the task ended; null unless it is finished.</summary>
    [ProtoMember(4)] public string? Finished { get; init; }
}
