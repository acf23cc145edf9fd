using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Workers;

/// <summary>Drains a worker: it gets no new tasks. Reply: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "drain-worker")]
public sealed record DrainWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public required string Reason { get; init; }

    /// <summary>
    /// The time after which leases still held are given back, without counting as failures, 0 to 30 days; null for no deadline.
    /// </summary>
    [ProtoMember(3)] public TimeSpan? Deadline { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(4)] public string? By { get; init; }
}

/// <summary>Ends a drain, or an offline declared by an operator. Reply: <see cref="Done"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "resume-worker")]
public sealed record ResumeWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(2)] public string? By { get; init; }
}

/// <summary>
/// An operator declares a worker offline: its leases end at once. Answer: <see cref="WorkerTakenOffline"/> or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "take-worker-offline")]
public sealed record TakeWorkerOffline : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(3)] public string? By { get; init; }
}

/// <summary>The worker is offline. Each of its leases ends and gets a decision.</summary>
[ProtoContract(Name = "worker-taken-offline-reply")]
public sealed record WorkerTakenOffline : IWireMessage
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The loss that the resulting failures are part of.</summary>
    [ProtoMember(2)] public required LossId LossId { get; init; }

    /// <summary>The leases that end.</summary>
    [ProtoMember(3)] public ImmutableArray<HeldLease> Leases { get; init; } = [];
}

/// <summary>What an operator can do with a breaker.</summary>
public enum BreakerAction
{
    /// <summary>Open it until it is closed or reset.</summary>
    Open = 0,

    /// <summary>Close it; the counts stay.</summary>
    Close = 1,

    /// <summary>Close it and clear the consecutive failures.</summary>
    Reset = 2,
}

/// <summary>Sets a breaker. Reply: <see cref="WorkerReliabilityScore"/> or <see cref="Refused"/>.</summary>
[ProtoContract(Name = "set-breaker")]
public sealed record SetBreaker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>What to do.</summary>
    [ProtoMember(2)] public required BreakerAction Action { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(3)] public required string Reason { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(4)] public string? By { get; init; }
}

/// <summary>
/// A worker leaves for good: its leases are given back without blame. Answer: <see cref="Done"/> or <see cref="Refused"/>.
/// </summary>
[ProtoContract(Name = "unregister-worker")]
public sealed record UnregisterWorker : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>
    /// The instance that leaves. If another one has replaced it, the call is refused and that one stays. Null for an operator, who
    /// unregisters the worker whatever its instance.
    /// </summary>
    [ProtoMember(2)] public InstanceId? InstanceId { get; init; }

    /// <summary>Who: the name of the caller's token; null if unknown. Over HTTP, the node sets it.</summary>
    [ProtoMember(3)] public string? By { get; init; }
}
