namespace Morag.Failover.Domain.Queues;

/// <summary>A run of a queue partition. It starts when the partition starts or moves to another node.</summary>
[ProtoContract]
public sealed record QueueIncarnation
{
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Unique, but in no order.</summary>
    [ProtoMember(2)] public required long Incarnation { get; init; }
}

/// <summary>
/// Tells a worker's entity the current runs of the queue partitions. A partition that restarted has forgotten the worker's interest, so the
/// entity asks each partition with a new incarnation again.
/// </summary>
[ProtoContract(Name = "queues-restarted")]
public sealed record QueuesRestarted : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public ImmutableArray<QueueIncarnation> Queues { get; init; } = [];
}
