using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>
/// Requests leases. Reply: <see cref="Queues.LeasesGranted"/>, empty if the wait ends without work or leases are not allowed now, or
/// <see cref="Refused"/> (unknown worker, replaced instance).
/// </summary>
[ProtoContract(Name = "request-leases")]
public sealed record RequestLeases : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The most leases to grant, 1 to 1,000.</summary>
    [ProtoMember(2)] public int MaxTasks { get; init; } = 1;

    /// <summary>How long to wait for the first one, 0 to 30 s.</summary>
    [ProtoMember(3)] public TimeSpan Wait { get; init; }

    /// <summary>The queues to lease from; empty means all that the worker serves.</summary>
    [ProtoMember(4)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>An id of this call. A repeated call with the same id gets the same leases.</summary>
    [ProtoMember(5)] public RequestId? RequestId { get; init; }

    /// <summary>The instance that sends it.</summary>
    [ProtoMember(6)] public InstanceId? InstanceId { get; init; }
}
