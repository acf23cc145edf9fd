namespace Morag.Failover.Domain.Queues;

/// <summary>The state of a queue partition as a snapshot stores it; what can be derived from it is not stored.</summary>
[ProtoContract(Name = "queue.snapshot")]
public sealed record QueueSnapshot : IStoredState
{
    /// <summary>The last epoch that was given out: none of a forgotten task may recur.</summary>
    [ProtoMember(1)] public LeaseEpoch LastEpoch { get; init; }

    /// <summary>How many tasks were ever accepted.</summary>
    [ProtoMember(2)] public long LastOrder { get; init; }

    /// <summary>The tasks: first those that have not ended, then the ended ones in the order they ended.</summary>
    [ProtoMember(3)] public ImmutableArray<TaskRecord> Tasks { get; init; } = [];

    /// <summary>What is kept of each worker.</summary>
    [ProtoMember(4)] public ImmutableArray<StoredWorkerShare> Workers { get; init; } = [];

    /// <summary>The counters of each queue.</summary>
    [ProtoMember(5)] public ImmutableArray<StoredQueueCounters> Counters { get; init; } = [];
}

/// <summary>
/// What a queue partition keeps of one worker, beside the tasks it holds. Where much gathers, further records of the same worker follow,
/// which hold only more of <see cref="Gathering"/>.
/// </summary>
[ProtoContract]
public sealed record StoredWorkerShare
{
    /// <summary>The worker.</summary>
    [ProtoMember(1)] public required WorkerId WorkerId { get; init; }

    /// <summary>The last fence taken.</summary>
    [ProtoMember(2)] public long LastFence { get; init; }

    /// <summary>The instances that get no leases, oldest first.</summary>
    [ProtoMember(3)] public ImmutableArray<InstanceId> FencedInstances { get; init; } = [];

    /// <summary>The number of the last batch of outcomes.</summary>
    [ProtoMember(4)] public long BatchNumber { get; init; }

    /// <summary>The batch under way.</summary>
    [ProtoMember(5)] public ImmutableArray<LeaseOutcome> Batch { get; init; } = [];

    /// <summary>The outcomes that gather for the next one.</summary>
    [ProtoMember(6)] public ImmutableArray<LeaseOutcome> Gathering { get; init; } = [];

    /// <summary>Where the worker is in its turn-taking between queues.</summary>
    [ProtoMember(7)] public double Turn { get; init; }

    /// <summary>When each queue's next turn is.</summary>
    [ProtoMember(8)] public ImmutableArray<StoredTurn> Turns { get; init; } = [];
}

/// <summary>When a queue's next turn with a worker is.</summary>
[ProtoContract]
public sealed record StoredTurn
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Its next turn.</summary>
    [ProtoMember(2)] public double Next { get; init; }
}

/// <summary>The counters of one queue that outlive its tasks.</summary>
[ProtoContract]
public sealed record StoredQueueCounters
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Completions ever.</summary>
    [ProtoMember(2)] public long Completed { get; init; }

    /// <summary>Cancellations ever.</summary>
    [ProtoMember(3)] public long Cancelled { get; init; }

    /// <summary>Tasks ever leased.</summary>
    [ProtoMember(4)] public long FirstLeases { get; init; }

    /// <summary>Their time from submission to first lease, summed.</summary>
    [ProtoMember(5)] public TimeSpan Waited { get; init; }

    /// <summary>The time from lease to accepted completion, summed.</summary>
    [ProtoMember(6)] public TimeSpan Processed { get; init; }
}
