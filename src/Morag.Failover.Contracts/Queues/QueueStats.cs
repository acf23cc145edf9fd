using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Asks one partition for the statistics of its queues. The reply is <see cref="QueueStatsReply"/>.</summary>
[ProtoContract(Name = "get-queue-stats")]
public sealed record GetQueueStats : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }
}

/// <summary>The statistics of every queue in one partition.</summary>
[ProtoContract(Name = "queue-stats-reply")]
public sealed record QueueStatsReply : IWireMessage
{
    /// <summary>One entry for each configured queue.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueStats> Queues { get; init; } = [];

    /// <summary>Queues that hold unfinished tasks but are not configured on this node.</summary>
    [ProtoMember(2)] public ImmutableArray<UndefinedQueue> Undefined { get; init; } = [];
}

/// <summary>A queue that was removed from the settings while it held tasks.</summary>
[ProtoContract]
public sealed record UndefinedQueue
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Its unfinished tasks, including parked ones.</summary>
    [ProtoMember(2)] public required int UnfinishedTasks { get; init; }
}

/// <summary>The statistics of one queue.</summary>
[ProtoContract]
public sealed record QueueStats
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName QueueType { get; init; }

    /// <summary>All tasks: pending, processing, completed and failed.</summary>
    [ProtoMember(2)] public long TotalTasks { get; init; }

    /// <summary>Tasks that are queued, delayed or deciding.</summary>
    [ProtoMember(3)] public int PendingTasks { get; init; }

    /// <summary>Tasks that are leased.</summary>
    [ProtoMember(4)] public int ProcessingTasks { get; init; }

    /// <summary>Completions ever.</summary>
    [ProtoMember(5)] public long CompletedTasks { get; init; }

    /// <summary>Tasks that are parked now, plus cancellations ever.</summary>
    [ProtoMember(6)] public long FailedTasks { get; init; }

    /// <summary>The mean time from submission to the first lease, in minutes.</summary>
    [ProtoMember(7)] public double AverageWaitTime { get; init; }

    /// <summary>The mean time from lease to accepted completion, in minutes.</summary>
    [ProtoMember(8)] public double AverageProcessingTime { get; init; }

    /// <summary>Live workers that serve the queue.</summary>
    [ProtoMember(9)] public int WorkerCount { get; init; }

    /// <summary>Whether tasks wait that no available worker can run; <see cref="UnmetNeeds"/> says why.</summary>
    [ProtoMember(10)] public bool Unserved { get; init; }

    /// <summary>Tasks that are parked now.</summary>
    [ProtoMember(11)] public int ParkedTasks { get; init; }

    /// <summary>What waiting tasks need that no available worker offers, with the need of most tasks first.</summary>
    [ProtoMember(12)] public ImmutableArray<UnmetNeed> UnmetNeeds { get; init; } = [];

    /// <summary>Who paused the queue, when and why; null if it is not paused.</summary>
    [ProtoMember(13)] public OperatorChange? Pause { get; init; }

    /// <summary><see cref="UnmetNeeds"/> as one text; null if every waiting task can be run.</summary>
    public string? UnservedBecause => UnmetNeeds.IsEmpty
        ? null
        : string.Join("; ", UnmetNeeds.Select(unmet => $"{unmet.Need}: {Counted.Of(unmet.Tasks, "task")}"));
}

/// <summary>Something that waiting tasks need and no available worker offers.</summary>
[ProtoContract]
public sealed record UnmetNeed
{
    /// <summary>What is missing, such as "no worker offers 80 GB of memory".</summary>
    [ProtoMember(1)] public required string Need { get; init; }

    /// <summary>How many tasks need it.</summary>
    [ProtoMember(2)] public int Tasks { get; init; }
}
