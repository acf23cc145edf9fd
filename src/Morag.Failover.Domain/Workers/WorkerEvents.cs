using Morag.Failover.Contracts.Workers;
using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Workers;

/// <summary>A fence that a worker's entity owes the queue partitions, until all of them took it.</summary>
[ProtoContract]
public sealed record OwedFence
{
    /// <summary>Its number for this worker.</summary>
    [ProtoMember(1)] public required long Number { get; init; }

    /// <summary>What it does.</summary>
    [ProtoMember(2)] public required FenceKind Kind { get; init; }

    /// <summary>The instance that is meant; null means every instance.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>The loss, for the kinds that are one.</summary>
    [ProtoMember(4)] public LossId? LossId { get; init; }

    /// <summary>Since when nothing was heard of it.</summary>
    [ProtoMember(5)] public DateTimeOffset SilentSince { get; init; }

    /// <summary>Whether the loss was planned.</summary>
    [ProtoMember(6)] public bool Planned { get; init; }

    /// <summary>Why, in words.</summary>
    [ProtoMember(7)] public string Reason { get; init; } = "";
}

/// <summary>A worker registered, renewed its registration, or came back as a new instance.</summary>
[ProtoContract(Name = "worker.registered")]
public sealed record WorkerRegistered : IStoredEvent
{
    /// <summary>What it says of itself.</summary>
    [ProtoMember(1)] public required WorkerRegistration Registration { get; init; }

    /// <summary>When.</summary>
    [ProtoMember(2)] public required DateTimeOffset At { get; init; }

    /// <summary>Ends the leases of the instance that it replaces, or lifts the fence of one that was lost.</summary>
    [ProtoMember(3)] public OwedFence? Fence { get; init; }

    /// <summary>Whether the replaced instance was lost, unplanned, with work in hand.</summary>
    [ProtoMember(4)] public bool LostWork { get; init; }
}

/// <summary>A worker is late, or its session broke.</summary>
[ProtoContract(Name = "worker.suspected")]
public sealed record WorkerSuspected : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Why, in words.</summary>
    [ProtoMember(2)] public string Reason { get; init; } = "";
}

/// <summary>A suspect or missing worker was heard of again.</summary>
[ProtoContract(Name = "worker.heard-again")]
public sealed record WorkerHeardAgain : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Lifts the fence of its loss.</summary>
    [ProtoMember(2)] public OwedFence? Fence { get; init; }
}

/// <summary>A worker was found missing.</summary>
[ProtoContract(Name = "worker.lost")]
public sealed record WorkerLost : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Fences the instance that is missing.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }

    /// <summary>Whether it was lost, unplanned, with work in hand.</summary>
    [ProtoMember(3)] public bool LostWork { get; init; }
}

/// <summary>An operator declared a worker offline.</summary>
[ProtoContract(Name = "worker.declared-offline")]
public sealed record WorkerDeclaredOffline : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Ends its leases.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }

    /// <summary>Whether it was lost, unplanned, with work in hand.</summary>
    [ProtoMember(3)] public bool LostWork { get; init; }
}

/// <summary>A worker said another status of itself than before; online and busy are told apart by what it holds, and are one here.</summary>
[ProtoContract(Name = "worker.status-said")]
public sealed record WorkerStatusSaid : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>The status.</summary>
    [ProtoMember(2)] public required WorkerStatus Status { get; init; }

    /// <summary>Gives its leases back where it goes offline; lifts that where it comes back.</summary>
    [ProtoMember(3)] public OwedFence? Fence { get; init; }
}

/// <summary>An operator began to drain a worker, or changed the drain.</summary>
[ProtoContract(Name = "worker.drained")]
public sealed record WorkerDrained : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Why.</summary>
    [ProtoMember(2)] public string Reason { get; init; } = "";

    /// <summary>When leases still held are given back; null waits for them.</summary>
    [ProtoMember(3)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>The time that the deadline gave the worker.</summary>
    [ProtoMember(4)] public TimeSpan? Within { get; init; }
}

/// <summary>A drain's deadline passed: what the worker still holds is given back.</summary>
[ProtoContract(Name = "worker.drain-deadline-passed")]
public sealed record WorkerDrainDeadlinePassed : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Gives the leases back.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }
}

/// <summary>An operator ended a drain or an offline.</summary>
[ProtoContract(Name = "worker.resumed")]
public sealed record WorkerResumed : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Lifts the fence of an offline.</summary>
    [ProtoMember(2)] public OwedFence? Fence { get; init; }
}

/// <summary>A worker left for good. Its score stays.</summary>
[ProtoContract(Name = "worker.unregistered")]
public sealed record WorkerUnregistered : IStoredEvent
{
    /// <summary>When.</summary>
    [ProtoMember(1)] public required DateTimeOffset At { get; init; }

    /// <summary>Gives its leases back.</summary>
    [ProtoMember(2)] public required OwedFence Fence { get; init; }
}

/// <summary>Every partition took the fences up to a number.</summary>
[ProtoContract(Name = "worker.fences-taken")]
public sealed record WorkerFencesTaken : IStoredEvent
{
    /// <summary>The highest number that all took.</summary>
    [ProtoMember(1)] public required long UpTo { get; init; }
}
