using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Asks one partition how much work its queues have. The reply is <see cref="QueueDemandReply"/>.</summary>
[ProtoContract(Name = "get-queue-demand")]
public sealed record GetQueueDemand : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>How far ahead delayed tasks count as <see cref="QueueDemand.ComingDue"/>.</summary>
    [ProtoMember(2)] public TimeSpan Within { get; init; }
}

/// <summary>The work of every queue in one partition.</summary>
[ProtoContract(Name = "queue-demand-reply")]
public sealed record QueueDemandReply : IWireMessage
{
    /// <summary>One entry for each configured queue.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueDemand> Queues { get; init; } = [];
}

/// <summary>The work of one queue.</summary>
[ProtoContract]
public sealed record QueueDemand
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Tasks that wait for a worker.</summary>
    [ProtoMember(2)] public int Queued { get; init; }

    /// <summary>Tasks that workers hold.</summary>
    [ProtoMember(3)] public int Leased { get; init; }

    /// <summary>Delayed tasks whose delay ends within the time asked for.</summary>
    [ProtoMember(4)] public int ComingDue { get; init; }

    /// <summary>When the longest present wait of a queued task began; null if none waits.</summary>
    [ProtoMember(5)] public DateTimeOffset? OldestSince { get; init; }

    /// <summary>Tasks whose failure is being decided. Most of them wait for a worker again within a second.</summary>
    [ProtoMember(6)] public int Deciding { get; init; }

    /// <summary>Whether an operator has paused the queue, so that no worker gets its tasks.</summary>
    [ProtoMember(7)] public bool Paused { get; init; }
}

/// <summary>Asks one partition which of these workers hold leases. The reply is <see cref="LeaseHolders"/>.</summary>
[ProtoContract(Name = "get-lease-holders")]
public sealed record GetLeaseHolders : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The workers, at most <see cref="CallLimits.MaxEntries"/>.</summary>
    [ProtoMember(2)] public ImmutableArray<WorkerId> Workers { get; init; } = [];
}

/// <summary>Workers that hold leases.</summary>
[ProtoContract(Name = "lease-holders")]
public sealed record LeaseHolders : IWireMessage
{
    /// <summary>Those of the workers asked about that hold at least one lease.</summary>
    [ProtoMember(1)] public ImmutableArray<WorkerId> Workers { get; init; } = [];
}
