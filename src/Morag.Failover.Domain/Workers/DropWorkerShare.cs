namespace Morag.Failover.Domain.Workers;

/// <summary>Asks a queue partition to drop its state about a worker. Reply, once durable: <see cref="WorkerShareDropped"/>.</summary>
[ProtoContract(Name = "drop-worker-share")]
public sealed record DropWorkerShare : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>A partition has dropped its state about a worker, or has to keep it.</summary>
[ProtoContract(Name = "worker-share-dropped")]
public sealed record WorkerShareDropped : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>
    /// Whether the state stays, because the worker holds leases, tasks are pinned to it or avoid it, or outcomes are unacknowledged.
    /// </summary>
    [ProtoMember(3)] public bool Kept { get; init; }
}
