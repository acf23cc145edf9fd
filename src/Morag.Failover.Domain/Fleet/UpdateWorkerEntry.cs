using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>Updates a worker's entry in its directory bucket. Reply, once durable: <see cref="WorkerEntryAcknowledged"/>.</summary>
[ProtoContract(Name = "update-worker-entry")]
public sealed record UpdateWorkerEntry : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The entry.</summary>
    [ProtoMember(2)] public required WorkerEntry Entry { get; init; }
}

/// <summary>The directory has stored this revision, or a newer one.</summary>
[ProtoContract(Name = "worker-entry-acknowledged")]
public sealed record WorkerEntryAcknowledged : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The revision.</summary>
    [ProtoMember(2)] public required long Revision { get; init; }
}
