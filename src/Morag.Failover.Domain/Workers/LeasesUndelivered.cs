using Morag.Failover.Contracts.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// A gateway was granted leases for a call of a worker that had ended by then, because the worker disconnected or the node stops. The
/// worker's entity gives them back, unless the worker got them by repeating the call, or may still repeat it. No reply.
/// </summary>
[ProtoContract(Name = "leases-undelivered")]
public sealed record LeasesUndelivered : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Whether the worker can repeat the call and get the same leases: it has a request id.</summary>
    [ProtoMember(2)] public bool IsRepeatable { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];
}
