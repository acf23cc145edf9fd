namespace Morag.Failover.Domain.Workers;

/// <summary>
/// The directory asks a worker's entity to forget the worker, which has been gone for <c>forget-after</c>. Answer, once nothing of it is
/// stored any more: <see cref="WorkerForgotten"/>. No answer if the worker must still be known; the directory asks again.
/// </summary>
[ProtoContract(Name = "forget-worker")]
public sealed record ForgetWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The revision that the directory keeps: of a worker that changed since, nothing is forgotten.</summary>
    [ProtoMember(2)] public required long Revision { get; init; }

    /// <summary>
    /// Whether it goes though <c>forget-after</c> is not over: the directory has more entries of workers that are not registered than it
    /// keeps, and this one is among the oldest.
    /// </summary>
    [ProtoMember(3)] public bool IsBeyondKept { get; init; }
}

/// <summary>Nothing is stored of a worker any more, but its entry in the directory, which goes with this. No answer.</summary>
[ProtoContract(Name = "worker-forgotten")]
public sealed record WorkerForgotten : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The revision of the entry: a newer one stays.</summary>
    [ProtoMember(3)] public required long Revision { get; init; }
}

/// <summary>Asks a queue partition to drop what it keeps of a worker. Answer, once durable: <see cref="WorkerShareDropped"/>.</summary>
[ProtoContract(Name = "drop-worker-share")]
public sealed record DropWorkerShare : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>A partition keeps nothing of a worker, or says why it must.</summary>
[ProtoContract(Name = "worker-share-dropped")]
public sealed record WorkerShareDropped : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>Whether the share stays: the worker holds leases, tasks are pinned to it or avoid it, or its entity is owed outcomes.</summary>
    [ProtoMember(3)] public bool Kept { get; init; }
}
