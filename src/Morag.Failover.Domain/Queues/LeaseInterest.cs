namespace Morag.Failover.Domain.Queues;

/// <summary>
/// What a worker's waiting calls want together. The partition keeps it until it expires, until leases are granted, or until
/// <see cref="WithdrawInterest"/> removes it.
/// </summary>
[ProtoContract]
public sealed record LeaseInterest
{
    /// <summary>How long the partition keeps it.</summary>
    [ProtoMember(1)] public required TimeSpan For { get; init; }

    /// <summary>How many leases the calls want, at least 1.</summary>
    [ProtoMember(2)] public required int MaxTasks { get; init; }

    /// <summary>The queues that any of the calls serves, with the room in each.</summary>
    [ProtoMember(3)] public ImmutableArray<QueueRoom> Queues { get; init; } = [];
}

/// <summary>Tells a waiting worker that a partition has work for it. The worker's entity then asks for leases.</summary>
[ProtoContract(Name = "work-available")]
public sealed record WorkAvailable : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The interest that this answers, as the partition numbers them.</summary>
    [ProtoMember(3)] public long Interest { get; init; }
}

/// <summary>
/// Withdraws a worker's interest: the partition offers the work to others. Ignored if the worker has shown a newer interest since. No
/// reply.
/// </summary>
[ProtoContract(Name = "withdraw-interest")]
public sealed record WithdrawInterest : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The number from <see cref="WorkAvailable.Interest"/>.</summary>
    [ProtoMember(3)] public required long Interest { get; init; }
}
