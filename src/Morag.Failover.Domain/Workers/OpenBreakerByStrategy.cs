using Morag.Failover.Contracts.Failover;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Workers;

/// <summary>
/// Opens the worker's breaker for its open time, for the circuit_breaker strategy. Reply, once durable:
/// <see cref="BreakerOpenedByStrategy"/>. Idempotent by failure.
/// </summary>
[ProtoContract(Name = "open-breaker-by-strategy")]
public sealed record OpenBreakerByStrategy : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The task of the failure.</summary>
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failure whose decision opens the breaker.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(4)] public required string Reason { get; init; }
}

/// <summary>The breaker has been opened for that failure.</summary>
[ProtoContract(Name = "breaker-opened-by-strategy")]
public sealed record BreakerOpenedByStrategy : ITaskMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <inheritdoc />
    [ProtoMember(2)] public required TaskId TaskId { get; init; }

    /// <summary>The failure.</summary>
    [ProtoMember(3)] public required FailureId FailureId { get; init; }
}
