using Morag.Failover.Contracts.Audit;
using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Audit;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>A worker registered, renewed its registration, or came back as a new instance.</summary>
[ProtoContract(Name = "worker.registered")]
public sealed record WorkerRegistered : IStoredEvent
{
    /// <summary>The registration.</summary>
    [ProtoMember(1)] public required WorkerRegistration Registration { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>Ends the leases of the replaced instance, or lifts the fence of a lost one.</summary>
    [ProtoMember(3)] public OwedFence? Fence { get; init; }

    /// <summary>Whether the replaced instance was lost, unplanned, while it held leases.</summary>
    [ProtoMember(4)] public bool LostWork { get; init; }
}

/// <summary>A heartbeat of a worker is late, or its session broke.</summary>
[ProtoContract(Name = "worker.suspected")]
public sealed record WorkerSuspected : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public string Reason { get; init; } = "";
}

/// <summary>A suspect or lost worker gave a sign of life.</summary>
[ProtoContract(Name = "worker.recovered")]
public sealed record WorkerRecovered : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Lifts the fence of its loss.</summary>
    [ProtoMember(2)] public OwedFence? Fence { get; init; }
}

/// <summary>A worker was lost: it was silent for too long.</summary>
[ProtoContract(Name = "worker.lost")]
public sealed record WorkerLost : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Fences the lost instance.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }

    /// <summary>Whether it was lost, unplanned, while it held leases.</summary>
    [ProtoMember(3)] public bool LostWork { get; init; }
}

/// <summary>An operator declared a worker offline.</summary>
[ProtoContract(Name = "worker.declared-offline")]
public sealed record WorkerDeclaredOffline : IStoredEvent, IAudited
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Ends its leases.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }

    /// <summary>Whether it was lost, unplanned, while it held leases.</summary>
    [ProtoMember(3)] public bool LostWork { get; init; }

    /// <inheritdoc />
    [ProtoMember(4)] public AuditEntry? Audit { get; init; }
}

/// <summary>A worker reported another status than before. Busy is stored as online.</summary>
[ProtoContract(Name = "worker.status-reported")]
public sealed record WorkerStatusReported : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The status.</summary>
    [ProtoMember(2)] public required WorkerStatus Status { get; init; }

    /// <summary>Gives back its leases if it goes offline; lifts that fence if it comes back.</summary>
    [ProtoMember(3)] public OwedFence? Fence { get; init; }
}

/// <summary>An operator started or changed the drain of a worker.</summary>
[ProtoContract(Name = "worker.drained")]
public sealed record WorkerDrained : IStoredEvent, IAudited
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public string Reason { get; init; } = "";

    /// <summary>When leases still held are given back; null if there is no deadline.</summary>
    [ProtoMember(3)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>The time from the start of the drain to its deadline.</summary>
    [ProtoMember(4)] public TimeSpan? Within { get; init; }

    /// <inheritdoc />
    [ProtoMember(5)] public AuditEntry? Audit { get; init; }
}

/// <summary>The deadline of a drain passed. Leases still held are given back.</summary>
[ProtoContract(Name = "worker.drain-deadline-passed")]
public sealed record WorkerDrainDeadlinePassed : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Gives the leases back.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }
}

/// <summary>An operator ended a drain, or brought back a worker that an operator had declared offline.</summary>
[ProtoContract(Name = "worker.resumed")]
public sealed record WorkerResumed : IStoredEvent, IAudited
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Lifts the fence of a worker that was declared offline.</summary>
    [ProtoMember(2)] public OwedFence? Fence { get; init; }

    /// <inheritdoc />
    [ProtoMember(3)] public AuditEntry? Audit { get; init; }
}

/// <summary>A worker unregistered. Its score stays.</summary>
[ProtoContract(Name = "worker.unregistered")]
public sealed record WorkerUnregistered : IStoredEvent, IAudited
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Gives its leases back.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }

    /// <inheritdoc />
    [ProtoMember(3)] public AuditEntry? Audit { get; init; }
}

/// <summary>Every partition acknowledged the fences up to a number.</summary>
[ProtoContract(Name = "worker.fences-acknowledged")]
public sealed record WorkerFencesAcknowledged : IStoredEvent
{
    /// <summary>The highest number that every partition acknowledged.</summary>
    [ProtoMember(1)] public required long UpTo { get; init; }
}

/// <summary>A coordinator stored the audit entries up to a number.</summary>
[ProtoContract(Name = "worker.audit-delivered")]
public sealed record WorkerAuditDelivered : IStoredEvent
{
    /// <summary>The number of the last entry.</summary>
    [ProtoMember(1)] public required long UpTo { get; init; }
}
