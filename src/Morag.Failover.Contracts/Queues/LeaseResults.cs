using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>The results of a call about leases, in the order of the call.</summary>
[ProtoContract(Name = "lease-results")]
public sealed record LeaseResults : IWireMessage
{
    /// <summary>One result for each lease.</summary>
    [ProtoMember(1)] public ImmutableArray<LeaseResult> Results { get; init; } = [];
}

/// <summary>The result of a call about one lease.</summary>
[ProtoContract]
public sealed record LeaseResult
{
    /// <summary>The task.</summary>
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(2)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>Why the call was rejected; null if it was accepted, now or earlier.</summary>
    [ProtoMember(3)] public Refused? Refused { get; init; }

    /// <summary>The new deadline, after an extension.</summary>
    [ProtoMember(4)] public DateTimeOffset? Deadline { get; init; }

    /// <summary>
    /// After a report of progress: true if it is durable, false if it waits in memory to be stored, at the latest when the lease ends. A
    /// crash of the node can lose what waits. Null for other calls.
    /// </summary>
    [ProtoMember(5)] public bool? Stored { get; init; }
}
