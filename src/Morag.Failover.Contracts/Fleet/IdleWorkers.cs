using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Contracts.Fleet;

/// <summary>
/// Lists the alive workers of a bucket that hold no leases as far as the bucket knows, which may be seconds old. Reply:
/// <see cref="IdleWorkers"/>.
/// </summary>
[ProtoContract(Name = "list-idle-workers")]
public sealed record ListIdleWorkers : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The most workers to return, 1 to <see cref="CallLimits.MaxEntries"/>.</summary>
    [ProtoMember(2)] public int Limit { get; init; } = 100;
}

/// <summary>Idle workers, draining ones first, and then by id.</summary>
[ProtoContract(Name = "idle-workers")]
public sealed record IdleWorkers : IWireMessage
{
    /// <summary>The workers.</summary>
    [ProtoMember(1)] public ImmutableArray<IdleWorker> Workers { get; init; } = [];

    /// <summary>Alive workers of the bucket by capability, idle or not.</summary>
    [ProtoMember(2)] public ImmutableArray<AliveWorkers> Alive { get; init; } = [];
}

/// <summary>A worker that holds no leases.</summary>
[ProtoContract]
public sealed record IdleWorker
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Its capability.</summary>
    [ProtoMember(2)] public WorkerCapability Capability { get; init; }

    /// <summary>Whether it is draining and gets no new tasks.</summary>
    [ProtoMember(3)] public bool Draining { get; init; }
}

/// <summary>The number of alive workers of one capability.</summary>
[ProtoContract]
public sealed record AliveWorkers
{
    /// <summary>The capability.</summary>
    [ProtoMember(1)] public WorkerCapability Capability { get; init; }

    /// <summary>Alive workers.</summary>
    [ProtoMember(2)] public int Alive { get; init; }

    /// <summary>Those of them that get new tasks: they are not draining, and their breaker is not open.</summary>
    [ProtoMember(3)] public int Available { get; init; }
}
