using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Asks one partition for the counts of its queues. Answer: <see cref="QueueStatsReply"/>.</summary>
[ProtoContract(Name = "get-queue-stats")]
public sealed record GetQueueStats : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }
}

/// <summary>The counts of every queue in one partition.</summary>
[ProtoContract(Name = "queue-stats-reply")]
public sealed record QueueStatsReply : IWireMessage
{
    /// <summary>One for each configured queue.</summary>
    [ProtoMember(1)] public ImmutableArray<QueueStats> Queues { get; init; } = [];

    /// <summary>The queues that hold tasks that have not ended, and that the node's settings do not define.</summary>
    [ProtoMember(2)] public ImmutableArray<UndefinedQueue> Undefined { get; init; } = [];
}

/// <summary>A queue that was removed from the settings while tasks were in it.</summary>
[ProtoContract]
public sealed record UndefinedQueue
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName Queue { get; init; }

    /// <summary>Tasks in it that have not ended, parked ones too.</summary>
    [ProtoMember(2)] public required int UnfinishedTasks { get; init; }
}

/// <summary>The counts of one queue.</summary>
[ProtoContract]
public sealed record QueueStats
{
    /// <summary>The queue.</summary>
    [ProtoMember(1)] public required QueueName QueueType { get; init; }

    /// <summary>Tasks that are not ended, with those that were: pending, processing, completed and failed together.</summary>
    [ProtoMember(2)] public long TotalTasks { get; init; }

    /// <summary>Queued, delayed and deciding.</summary>
    [ProtoMember(3)] public int PendingTasks { get; init; }

    /// <summary>Leased.</summary>
    [ProtoMember(4)] public int ProcessingTasks { get; init; }

    /// <summary>Completed, ever.</summary>
    [ProtoMember(5)] public long CompletedTasks { get; init; }

    /// <summary>Parked now and cancelled ever.</summary>
    [ProtoMember(6)] public long FailedTasks { get; init; }

    /// <summary>Mean minutes from submission to the first lease.</summary>
    [ProtoMember(7)] public double AverageWaitTime { get; init; }

    /// <summary>Mean minutes from lease to accepted completion.</summary>
    [ProtoMember(8)] public double AverageProcessingTime { get; init; }

    /// <summary>Live workers that serve it.</summary>
    [ProtoMember(9)] public int WorkerCount { get; init; }

    /// <summary>True where tasks wait that no available worker can take: <see cref="UnmetNeeds"/> says why.</summary>
    [ProtoMember(10)] public bool Unserved { get; init; }

    /// <summary>Parked now.</summary>
    [ProtoMember(11)] public int ParkedTasks { get; init; }

    /// <summary>What waiting tasks need that no available worker offers, the one that most tasks need first.</summary>
    [ProtoMember(12)] public ImmutableArray<UnmetNeed> UnmetNeeds { get; init; } = [];

    /// <summary><see cref="UnmetNeeds"/> as one text; null where every waiting task can be taken.</summary>
    public string? UnservedBecause => UnmetNeeds.IsEmpty
        ? null
        : string.Join("; ", UnmetNeeds.Select(unmet => $"{unmet.Need}: {Counted.Of(unmet.Tasks, "task")}"));
}

/// <summary>Something that waiting tasks need and no available worker offers.</summary>
[ProtoContract]
public sealed record UnmetNeed
{
    /// <summary>What is missing, in words: "no worker offers 80 GB of memory".</summary>
    [ProtoMember(1)] public required string Need { get; init; }

    /// <summary>How many tasks need it.</summary>
    [ProtoMember(2)] public int Tasks { get; init; }
}
