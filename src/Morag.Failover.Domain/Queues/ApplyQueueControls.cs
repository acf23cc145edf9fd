using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The owner of the queues' controls tells another partition of them, until it answers <see cref="QueueControlsApplied"/>.
/// </summary>
[ProtoContract(Name = "apply-queue-controls")]
public sealed record ApplyQueueControls : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The number of the change that they include.</summary>
    [ProtoMember(2)] public required long Revision { get; init; }

    [ProtoMember(3)] public ImmutableArray<QueueControl> Queues { get; init; } = [];
}

/// <summary>A partition has stored the owner's controls, up to a change.</summary>
[ProtoContract(Name = "queue-controls-applied")]
public sealed record QueueControlsApplied : IPartitionMessage
{
    /// <summary>The partition that stored them.</summary>
    [ProtoMember(1)] public required int From { get; init; }

    [ProtoMember(2)] public required long Revision { get; init; }

    /// <inheritdoc />
    int IPartitionMessage.Partition => QueueControlReport.OwnerPartition;
}
