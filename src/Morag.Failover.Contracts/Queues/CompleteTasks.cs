using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>
/// Completes tasks of one partition. The reply, sent when the completions are durable, is <see cref="LeaseResults"/>, or
/// <see cref="Refused"/> if there are more than <see cref="CallLimits.MaxEntries"/> completions or more than
/// <see cref="MessageLimits.MaxBatchBytes"/> bytes.
/// </summary>
[ProtoContract(Name = "complete-tasks")]
public sealed record CompleteTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The completed tasks.</summary>
    [ProtoMember(3)] public ImmutableArray<TaskCompletion> Completions { get; init; } = [];
}

/// <summary>A task that a worker completed.</summary>
[ProtoContract]
public sealed record TaskCompletion
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The result: any JSON up to <c>max-payload</c> bytes and <see cref="JsonDepth.MaxOfValue"/> levels.</summary>
    [ProtoMember(3)] public JsonText Result { get; init; }
}
