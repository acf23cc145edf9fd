namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Asks a worker's entity to forget a worker that has been gone for <c>forget-after</c>. Reply, once all stored data of the worker
/// is deleted: <see cref="WorkerForgotten"/>. No reply if the worker must be kept; the directory asks again later.
/// </summary>
[ProtoContract(Name = "forget-worker")]
public sealed record ForgetWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The revision in the directory. A worker that has changed since is kept.</summary>
    [ProtoMember(2)] public required long Revision { get; init; }

    /// <summary>
    /// Whether it is forgotten before <c>forget-after</c> is over, because the directory has more unregistered workers than it keeps and
    /// this is one of the oldest.
    /// </summary>
    [ProtoMember(3)] public bool IsBeyondKept { get; init; }
}

/// <summary>Nothing is stored of a worker except its directory entry, which the directory now removes. No reply.</summary>
[ProtoContract(Name = "worker-forgotten")]
public sealed record WorkerForgotten : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The revision of the entry. A newer entry stays.</summary>
    [ProtoMember(3)] public required long Revision { get; init; }
}
