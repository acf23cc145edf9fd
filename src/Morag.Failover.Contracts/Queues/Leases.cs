using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>A task handed to a worker.</summary>
[ProtoContract]
public sealed record LeasedTask
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's number: completing, failing and extending name it.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>The queue it came from.</summary>
    [ProtoMember(3)] public required QueueName Queue { get; init; }

    /// <summary>What to do.</summary>
    [ProtoMember(4)] public JsonText Payload { get; init; }

    /// <summary>The quality settings that hold now.</summary>
    [ProtoMember(5)] public JsonText Quality { get; init; } = JsonText.EmptyObject;

    /// <summary>The how-manieth lease of this task it is, from 1.</summary>
    [ProtoMember(6)] public int Attempt { get; init; }

    /// <summary>When the lease times out, on our clock.</summary>
    [ProtoMember(7)] public DateTimeOffset Deadline { get; init; }

    /// <summary>The seconds left until then, for workers whose clock differs.</summary>
    [ProtoMember(8)] public double RemainingSeconds { get; init; }

    /// <summary>The content type it was submitted with.</summary>
    [ProtoMember(9)] public string? ContentType { get; init; }
}

/// <summary>Leases, granted durably.</summary>
[ProtoContract(Name = "leases-granted")]
public sealed record LeasesGranted : IWireMessage
{
    /// <summary>The partition that granted them.</summary>
    [ProtoMember(1)] public int Partition { get; init; }

    /// <summary>The leases; empty where there is nothing to give.</summary>
    [ProtoMember(2)] public ImmutableArray<LeasedTask> Leases { get; init; } = [];

    /// <summary>The run of the partition that answers: another run knows of no interest that this one keeps.</summary>
    [ProtoMember(3)] public long Incarnation { get; init; }

    /// <summary>Whose they are: if this answer cannot be delivered, they are given back in this worker's name.</summary>
    [ProtoMember(4)] public WorkerId? WorkerId { get; init; }
}

/// <summary>One lease of a worker.</summary>
[ProtoContract]
public sealed record LeaseRef
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }
}

/// <summary>One task that a worker finished.</summary>
[ProtoContract]
public sealed record TaskCompletion
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>What came out: any JSON up to <c>max-payload</c> and <see cref="JsonDepth.MaxOfValue"/> levels.</summary>
    [ProtoMember(3)] public JsonText Result { get; init; }
}

/// <summary>
/// A worker hands in finished tasks of one partition. Answer, once durable: <see cref="LeaseResults"/>; or <see cref="Refused"/> where there
/// are more than <see cref="CallLimits.MaxEntries"/> of them, or they take more than <see cref="MessageLimits.MaxBatchBytes"/> together.
/// </summary>
[ProtoContract(Name = "complete-tasks")]
public sealed record CompleteTasks : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The finished tasks.</summary>
    [ProtoMember(3)] public ImmutableArray<TaskCompletion> Completions { get; init; } = [];
}

/// <summary>
/// Gives leases back without blame. Answer, once durable: <see cref="LeaseResults"/>; or <see cref="Refused"/> where there are more than
/// <see cref="CallLimits.MaxEntries"/> of them.
/// </summary>
[ProtoContract(Name = "release-leases")]
public sealed record ReleaseLeases : IPartitionMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required int Partition { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The leases.</summary>
    [ProtoMember(3)] public ImmutableArray<LeaseRef> Leases { get; init; } = [];

    /// <summary>Why, for the history.</summary>
    [ProtoMember(4)] public string Reason { get; init; } = "";
}

/// <summary>More time for a lease. Answer, once durable: <see cref="LeaseResults"/> of one.</summary>
[ProtoContract(Name = "extend-lease")]
public sealed record ExtendLease : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How much longer than until its present deadline, 1 s to 24 h.</summary>
    [ProtoMember(4)] public TimeSpan By { get; init; }
}

/// <summary>What became of calls about leases, in their order.</summary>
[ProtoContract(Name = "lease-results")]
public sealed record LeaseResults : IWireMessage
{
    /// <summary>One for each lease.</summary>
    [ProtoMember(1)] public ImmutableArray<LeaseResult> Results { get; init; } = [];
}

/// <summary>What became of a call about one lease.</summary>
[ProtoContract]
public sealed record LeaseResult
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Null where it was accepted; also when the same call came again.</summary>
    [ProtoMember(3)] public Refused? Refused { get; init; }

    /// <summary>The lease's deadline, after an extension.</summary>
    [ProtoMember(4)] public DateTimeOffset? Deadline { get; init; }
}
