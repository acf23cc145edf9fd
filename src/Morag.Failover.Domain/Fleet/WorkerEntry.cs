using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Fleet;

/// <summary>What decides whether a worker can take a task: workers with the same profile can take the same tasks.</summary>
[ProtoContract]
public sealed record WorkerProfile
{
    /// <summary>What kind of machine it is.</summary>
    [ProtoMember(1)] public required WorkerCapability Capability { get; init; }

    /// <summary>The queues that it named; empty means all that its capability serves.</summary>
    [ProtoMember(2)] public ImmutableArray<QueueName> Queues { get; init; } = [];

    /// <summary>The content types it supports; empty means all.</summary>
    [ProtoMember(3)] public ImmutableArray<string> ContentTypes { get; init; } = [];

    /// <summary>How many GPUs.</summary>
    [ProtoMember(4)] public int GpuCount { get; init; }

    /// <summary>Main memory in GiB; 0 where it is not known, which meets no requirement.</summary>
    [ProtoMember(5)] public double MemoryGb { get; init; }

    /// <summary>Disk space in GiB; 0 where it is not known, which meets no requirement.</summary>
    [ProtoMember(6)] public double DiskGb { get; init; }
}

/// <summary>What the directory keeps of one worker: told by the worker's entity, and owed until acknowledged.</summary>
[ProtoContract]
public sealed record WorkerEntry
{
    /// <summary>Grows with each change.</summary>
    [ProtoMember(1)] public required long Revision { get; init; }

    /// <summary>What the worker said of itself; null for one that is only known by reports about it.</summary>
    [ProtoMember(2)] public WorkerRegistration? Registration { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(3)] public required WorkerId WorkerId { get; init; }

    /// <summary>How alive it is.</summary>
    [ProtoMember(4)] public Liveness Liveness { get; init; }

    /// <summary>Its status as the system sees it.</summary>
    [ProtoMember(5)] public WorkerStatus Status { get; init; }

    /// <summary>Whether it drains.</summary>
    [ProtoMember(6)] public bool Draining { get; init; }

    /// <summary>Its breaker's state.</summary>
    [ProtoMember(7)] public BreakerState BreakerState { get; init; }

    /// <summary>When it first registered.</summary>
    [ProtoMember(8)] public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Whether any success or failure of it is known.</summary>
    [ProtoMember(9)] public bool HasReliabilityData { get; init; }

    /// <summary>True once it unregistered: the directory forgets it.</summary>
    [ProtoMember(10)] public bool Unregistered { get; init; }

    /// <summary>When it was last lost with work in hand, unplanned.</summary>
    [ProtoMember(11)] public DateTimeOffset? LostAt { get; init; }

    /// <summary>Since when it is offline, has left, or is only known by reports; null while it may work.</summary>
    [ProtoMember(12)] public DateTimeOffset? GoneSince { get; init; }
}

/// <summary>A worker's entity tells its directory bucket its present entry. Answer, once durable: <see cref="WorkerEntryTaken"/>.</summary>
[ProtoContract(Name = "update-worker-entry")]
public sealed record UpdateWorkerEntry : IBucketMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Bucket { get; init; }

    /// <summary>The entry.</summary>
    [ProtoMember(2)] public required WorkerEntry Entry { get; init; }
}

/// <summary>The directory keeps that revision, or a newer one.</summary>
[ProtoContract(Name = "worker-entry-taken")]
public sealed record WorkerEntryTaken : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The revision.</summary>
    [ProtoMember(2)] public required long Revision { get; init; }
}
