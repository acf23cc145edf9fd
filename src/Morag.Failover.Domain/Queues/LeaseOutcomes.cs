using Morag.Failover.Contracts.Queues;
using Morag.Failover.Contracts.Workers;

namespace Morag.Failover.Domain.Queues;

/// <summary>Asks a partition what a worker holds. Answer: <see cref="HeldLeases"/>.</summary>
[ProtoContract(Name = "get-held-leases")]
public sealed record GetHeldLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }
}

/// <summary>What a worker holds in one partition.</summary>
[ProtoContract(Name = "held-leases")]
public sealed record HeldLeases : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<HeldLease> Leases { get; init; } = [];
}

/// <summary>How a lease ended, as its worker's entity hears of it.</summary>
public enum LeaseOutcomeKind
{
    /// <summary>Its completion was accepted.</summary>
    Succeeded,

    /// <summary>It failed; the coordinator takes that to the score.</summary>
    Failed,

    /// <summary>It was given back without blame, or its task was cancelled.</summary>
    Returned,
}

/// <summary>One lease that ended.</summary>
[ProtoContract]
public sealed record LeaseOutcome
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How it ended.</summary>
    [ProtoMember(3)] public LeaseOutcomeKind Kind { get; init; }

    /// <summary>How long it ran.</summary>
    [ProtoMember(4)] public TimeSpan Ran { get; init; }

    /// <summary>Why, for those that the worker did not end itself.</summary>
    [ProtoMember(5)] public string? Reason { get; init; }

    /// <summary>The queue it was leased from, for those that succeeded.</summary>
    [ProtoMember(6)] public QueueName? Queue { get; init; }

    /// <summary>The task's content type, for those that succeeded.</summary>
    [ProtoMember(7)] public string? ContentType { get; init; }
}

/// <summary>
/// What a queue partition owes a worker's entity: the leases that ended, in numbered batches, one under way at a time, sent again
/// until <see cref="OutcomesTaken"/> answers.
/// </summary>
[ProtoContract(Name = "lease-outcomes")]
public sealed record LeaseOutcomes : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The batch's number for this worker and partition, from 1.</summary>
    [ProtoMember(3)] public required long Number { get; init; }

    /// <summary>The leases that ended, in order.</summary>
    [ProtoMember(4)] public ImmutableArray<LeaseOutcome> Outcomes { get; init; } = [];
}

/// <summary>The worker's entity took a batch in, durably.</summary>
[ProtoContract(Name = "outcomes-taken")]
public sealed record OutcomesTaken : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The batch.</summary>
    [ProtoMember(3)] public required long Number { get; init; }
}

/// <summary>
/// A hint to a worker's entity: leases that its worker ended itself are over, so there is room again. Their outcome follows in a
/// numbered batch; where this is lost, that makes the room.
/// </summary>
[ProtoContract(Name = "leases-freed")]
public sealed record LeasesFreed : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The partition.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];
}
