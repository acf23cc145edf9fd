namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Starts a worker's entity, so that it notices if the worker is lost. A queue partition also says which leases the worker holds there, so
/// that the entity notices a grant or an extension that was lost on the way. No reply.
/// </summary>
[ProtoContract(Name = "wake-worker")]
public sealed record WakeWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The queue partition that sent the message; null for any other sender, which does not know the leases.</summary>
    [ProtoMember(2)] public int? Partition { get; init; }

    /// <summary>The <see cref="Queues.LeaseDigest"/> of the leases that the worker holds in the partition.</summary>
    [ProtoMember(3)] public long LeaseDigest { get; init; }
}
