using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Queues;

/// <summary>Asks a partition which leases a worker holds. The reply is <see cref="HeldLeases"/>.</summary>
[ProtoContract(Name = "get-held-leases")]
public sealed record GetHeldLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The number of the question, for its answer.</summary>
    [ProtoMember(3)] public long Number { get; init; }
}

/// <summary>The leases that a worker holds in one partition.</summary>
[ProtoContract(Name = "held-leases")]
public sealed record HeldLeases : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public required int Partition { get; init; }
    [ProtoMember(3)] public ImmutableArray<HeldLease> Leases { get; init; } = [];

    /// <summary>The number of the question; 0 from a node that does not know numbers.</summary>
    [ProtoMember(4)] public long Number { get; init; }
}

/// <summary>How a lease ended, as reported to the worker's entity.</summary>
public enum LeaseOutcomeKind
{
    /// <summary>The completion was accepted.</summary>
    Succeeded = 0,

    /// <summary>The lease failed. The coordinator updates the worker's score.</summary>
    Failed = 1,

    /// <summary>The lease was returned without blame, or its task was cancelled.</summary>
    Returned = 2,
}

/// <summary>A lease that ended.</summary>
[ProtoContract]
public sealed record LeaseOutcome
{
    [ProtoMember(1)] public required TaskId TaskId { get; init; }
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }
    [ProtoMember(3)] public LeaseOutcomeKind Kind { get; init; }

    /// <summary>How long the lease ran.</summary>
    [ProtoMember(4)] public TimeSpan Ran { get; init; }

    /// <summary>Why the lease ended; null if the worker ended it.</summary>
    [ProtoMember(5)] public string? Reason { get; init; }

    /// <summary>The queue of a completed task; otherwise null.</summary>
    [ProtoMember(6)] public QueueName? Queue { get; init; }

    /// <summary>The content type of a completed task; otherwise null.</summary>
    [ProtoMember(7)] public string? ContentType { get; init; }
}

/// <summary>
/// Reports ended leases to a worker's entity, in numbered batches. One batch is in flight at a time, and is sent again until
/// <see cref="OutcomesReceived"/> acknowledges it.
/// </summary>
[ProtoContract(Name = "lease-outcomes")]
public sealed record LeaseOutcomes : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The batch's number for this worker and partition, starting at 1.</summary>
    [ProtoMember(3)] public required long Number { get; init; }

    /// <summary>The leases, in the order in which they ended.</summary>
    [ProtoMember(4)] public ImmutableArray<LeaseOutcome> Outcomes { get; init; } = [];
}

/// <summary>Acknowledges a batch that the worker's entity has stored.</summary>
[ProtoContract(Name = "outcomes-received")]
public sealed record OutcomesReceived : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
    [ProtoMember(3)] public required long Number { get; init; }
}

/// <summary>
/// Hints that a lease was extended. If the hint is lost, the digest in the partition's next <see cref="Workers.WakeWorker"/> differs.
/// </summary>
[ProtoContract(Name = "lease-deadline-moved")]
public sealed record LeaseDeadlineMoved : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public required TaskId TaskId { get; init; }
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The new deadline.</summary>
    [ProtoMember(4)] public required DateTimeOffset Deadline { get; init; }
}

/// <summary>
/// Hints that a worker has room again: it ended these leases itself. If the hint is lost, the numbered batch that follows frees the room.
/// </summary>
[ProtoContract(Name = "leases-freed")]
public sealed record LeasesFreed : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public required int Partition { get; init; }
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];
}
