using Morag.Failover.Domain.Audit;

namespace Morag.Failover.Domain.Queues;

/// <summary>The state of a queue partition in a snapshot. Whatever can be derived is not stored.</summary>
[ProtoContract(Name = "queue.snapshot")]
public sealed record QueueSnapshot : IStoredState
{
    /// <summary>The highest epoch ever granted: epochs of forgotten tasks must not recur.</summary>
    [ProtoMember(1)] public LeaseEpoch LastEpoch { get; init; }

    /// <summary>How many tasks were ever accepted.</summary>
    [ProtoMember(2)] public long LastOrder { get; init; }

    /// <summary>Unfinished tasks first, then finished ones in the order in which they finished.</summary>
    [ProtoMember(3)] public ImmutableArray<TaskRecord> Tasks { get; init; } = [];

    [ProtoMember(4)] public ImmutableArray<StoredWorkerShare> Workers { get; init; } = [];
    [ProtoMember(5)] public ImmutableArray<StoredQueueCounters> Counters { get; init; } = [];

    /// <summary>The number of changes of <see cref="Controls"/> so far.</summary>
    [ProtoMember(6)] public long ControlsRevision { get; init; }

    /// <summary>The queues that operators paused, or gave other limits than the configured ones.</summary>
    [ProtoMember(7)] public ImmutableArray<QueueControl> Controls { get; init; } = [];

    /// <summary>The number of the last audit entry.</summary>
    [ProtoMember(8)] public long LastAudit { get; init; }

    /// <summary>The audit entries that no coordinator has recorded yet.</summary>
    [ProtoMember(9)] public ImmutableArray<OwedAudit> OwedAudit { get; init; } = [];
}

/// <summary>
/// What a partition keeps about a worker besides its leases. If many outcomes wait, further records of the same worker follow that contain
/// only more of <see cref="Waiting"/>.
/// </summary>
[ProtoContract]
public sealed record StoredWorkerShare
{
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The number of the newest fence.</summary>
    [ProtoMember(2)] public long LastFence { get; init; }

    /// <summary>The instances that get no leases, oldest first.</summary>
    [ProtoMember(3)] public ImmutableArray<InstanceId> FencedInstances { get; init; } = [];

    /// <summary>The number of the newest batch of outcomes.</summary>
    [ProtoMember(4)] public long BatchNumber { get; init; }

    /// <summary>The batch in flight.</summary>
    [ProtoMember(5)] public ImmutableArray<LeaseOutcome> Batch { get; init; } = [];

    /// <summary>The outcomes that wait for the next batch.</summary>
    [ProtoMember(6)] public ImmutableArray<LeaseOutcome> Waiting { get; init; } = [];

    /// <summary>The turn that was served last; see <see cref="FairTurns"/>.</summary>
    [ProtoMember(7)] public double Turn { get; init; }

    /// <summary>The next turn of each queue.</summary>
    [ProtoMember(8)] public ImmutableArray<StoredTurn> Turns { get; init; } = [];
}

/// <summary>A queue's next turn with a worker.</summary>
[ProtoContract]
public sealed record StoredTurn
{
    [ProtoMember(1)] public required QueueName Queue { get; init; }
    [ProtoMember(2)] public double Next { get; init; }
}

/// <summary>The counters of a queue that outlive its tasks.</summary>
[ProtoContract]
public sealed record StoredQueueCounters
{
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Completions ever.</summary>
    [ProtoMember(2)] public long Completed { get; init; }

    /// <summary>Cancellations ever.</summary>
    [ProtoMember(3)] public long Cancelled { get; init; }

    /// <summary>Tasks ever leased.</summary>
    [ProtoMember(4)] public long FirstLeases { get; init; }

    /// <summary>The time from submission to first lease, summed.</summary>
    [ProtoMember(5)] public TimeSpan Waited { get; init; }

    /// <summary>The time from lease to accepted completion, summed.</summary>
    [ProtoMember(6)] public TimeSpan Processed { get; init; }
}
