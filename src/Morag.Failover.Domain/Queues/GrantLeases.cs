using Morag.Failover.Contracts.Queues;
using Morag.Failover.Domain.Fleet;

namespace Morag.Failover.Domain.Queues;

/// <summary>How many more leases a worker may take from one queue.</summary>
[ProtoContract]
public sealed record QueueRoom
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>The most that the worker may hold from it.</summary>
    [ProtoMember(2)] public int Cap { get; init; }

    /// <summary>Those that it holds in other partitions.</summary>
    [ProtoMember(3)] public int HeldElsewhere { get; init; }
}

/// <summary>
/// A worker's entity asks one queue partition for leases on behalf of its worker. Answer: <see cref="LeasesGranted"/>, empty where
/// there is nothing now; with an <see cref="Interest"/>, a <see cref="WorkAvailable"/> follows when there is.
/// </summary>
[ProtoContract(Name = "grant-leases")]
public sealed record GrantLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The instance that the leases are for; null for workers that do not tell.</summary>
    [ProtoMember(3)] public InstanceId? InstanceId { get; init; }

    /// <summary>What the worker can take.</summary>
    [ProtoMember(4)] public required WorkerProfile Profile { get; init; }

    /// <summary>The most leases wanted now.</summary>
    [ProtoMember(5)] public int MaxTasks { get; init; }

    /// <summary>The most leases it may hold at once, over all partitions and queues.</summary>
    [ProtoMember(6)] public int MaxHeld { get; init; }

    /// <summary>The queues to serve, and the room in each.</summary>
    [ProtoMember(7)] public ImmutableArray<QueueRoom> Queues { get; init; } = [];

    /// <summary>The worker's name for its call.</summary>
    [ProtoMember(8)] public RequestId? RequestId { get; init; }

    /// <summary>What the partition should remember that the worker wants; null: nothing.</summary>
    [ProtoMember(9)] public LeaseInterest? Interest { get; init; }

    /// <summary>True: give only what an earlier call of the same <see cref="RequestId"/> was given.</summary>
    [ProtoMember(10)] public bool OnlyRepeat { get; init; }

    /// <summary>The worker's success rate, 0 to 1; null where nothing is known of it. The better of equally free workers comes first.</summary>
    [ProtoMember(11)] public double? SuccessRate { get; init; }
}

/// <summary>Asks whether a worker would be granted anything; grants nothing. Answer: <see cref="WorkFound"/>.</summary>
[ProtoContract(Name = "look-for-work")]
public sealed record LookForWork : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>What the worker could ask for.</summary>
    [ProtoMember(2)] public required GrantLeases Request { get; init; }
}

/// <summary>Whether a partition has work that the worker could be granted now.</summary>
[ProtoContract(Name = "work-found")]
public sealed record WorkFound : IWireMessage
{
    /// <summary>The partition.</summary>
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>Whether it has such work.</summary>
    [ProtoMember(2)] public required bool Any { get; init; }
}

/// <summary>
/// What all calls of a worker that wait for leases want together. The partition keeps it beyond these calls, for those that follow, until
/// it runs out, something is leased, or the worker's entity takes it back: see <see cref="WithdrawInterest"/>.
/// </summary>
[ProtoContract]
public sealed record LeaseInterest
{
    /// <summary>How long it is kept.</summary>
    [ProtoMember(1)] public required TimeSpan For { get; init; }

    /// <summary>How many leases they want, 1 or more.</summary>
    [ProtoMember(2)] public required int MaxTasks { get; init; }

    /// <summary>The queues that any of them serves, and the room in each.</summary>
    [ProtoMember(3)] public ImmutableArray<QueueRoom> Queues { get; init; } = [];
}

/// <summary>There is something that a worker which showed interest can take: its entity asks for it.</summary>
[ProtoContract(Name = "work-available")]
public sealed record WorkAvailable : IWorkerMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>Where it is.</summary>
    [ProtoMember(2)] public required int Partition { get; init; }

    /// <summary>The interest that it answers, as the partition numbers them.</summary>
    [ProtoMember(3)] public long Interest { get; init; }
}

/// <summary>
/// The worker has no use for work now: the partition forgets its interest and offers the work to others. A newer
/// interest of the worker, which has another number, is kept. No answer.
/// </summary>
[ProtoContract(Name = "withdraw-interest")]
public sealed record WithdrawInterest : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The number of the interest, as <see cref="WorkAvailable.Interest"/> said it.</summary>
    [ProtoMember(3)] public required long Interest { get; init; }
}
