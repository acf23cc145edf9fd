namespace Morag.Failover.Domain.Queues;

/// <summary>A run of a queue partition: it begins when the partition starts or moves to another node.</summary>
[ProtoContract]
public sealed record QueueIncarnation
{
    /// <summary>The partition.</summary>
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The run; no two have the same number, and they have no order.</summary>
    [ProtoMember(2)] public required long Incarnation { get; init; }
}

/// <summary>
/// Partitions that keep the interest of a worker may have started again since, and forgotten it: these are their present runs. The
/// worker's entity asks each partition whose incarnation differs from the one that it knows.
/// </summary>
[ProtoContract(Name = "queues-restarted")]
public sealed record QueuesRestarted : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The present run of each partition.</summary>
    [ProtoMember(2)] public ImmutableArray<QueueIncarnation> Queues { get; init; } = [];
}
