using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// Asks a queue partition for leases on behalf of a worker. The reply is <see cref="LeasesGranted"/>, which may be empty. With an
/// <see cref="Interest"/>, <see cref="WorkAvailable"/> follows once there is work.
/// </summary>
[ProtoContract(Name = "grant-leases")]
public sealed record GrantLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The instance that gets the leases; null for workers that do not identify instances.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    [ProtoMember(4)] public required WorkerProfile Profile { get; init; }

    /// <summary>The most leases to grant now.</summary>
    [ProtoMember(5)] public int MaxTasks { get; init; }

    /// <summary>The most leases that the worker may hold at once, over all partitions and queues.</summary>
    [ProtoMember(6)] public int MaxHeld { get; init; }

    /// <summary>The queues to serve, with the room in each.</summary>
    [ProtoMember(7)] public ImmutableArray<QueueRoom> Queues { get; init; } = [];

    /// <summary>Identifies the worker's call, so that a repeated call gets the same leases.</summary>
    [ProtoMember(8)] public RequestId? RequestId { get; init; }

    /// <summary>What the worker waits for if nothing is granted; null if it does not wait.</summary>
    [ProtoMember(9)] public LeaseInterest? Interest { get; init; }

    /// <summary>
    /// If true, grants nothing new and returns only the leases that an earlier call with this <see cref="RequestId"/> got.
    /// </summary>
    [ProtoMember(10)] public bool OnlyRepeat { get; init; }

    /// <summary>The worker's success rate, 0 to 1; null if unknown. Of equally free workers, the better one comes first.</summary>
    [ProtoMember(11)] public double? SuccessRate { get; init; }
}

/// <summary>How many leases a worker may hold from one queue.</summary>
[ProtoContract]
public sealed record QueueRoom
{
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>The most leases that the worker may hold from the queue.</summary>
    [ProtoMember(2)] public int Cap { get; init; }

    /// <summary>The leases from the queue that it holds in other partitions.</summary>
    [ProtoMember(3)] public int HeldElsewhere { get; init; }
}

/// <summary>Asks whether a partition could grant leases to a worker, without granting any. The reply is <see cref="WorkFound"/>.</summary>
[ProtoContract(Name = "look-for-work")]
public sealed record LookForWork : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    [ProtoMember(2)] public required GrantLeases Request { get; init; }
}

/// <summary>Whether a partition could grant leases to the worker now.</summary>
[ProtoContract(Name = "work-found")]
public sealed record WorkFound : IWireMessage
{
    [ProtoMember(1)] public required int Partition { get; init; }
    [ProtoMember(2)] public required bool Any { get; init; }
}
