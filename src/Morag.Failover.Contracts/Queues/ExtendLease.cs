using Morag.Failover.Contracts.Ids;
using Morag.Failover.Contracts.Wire;

namespace Morag.Failover.Contracts.Queues;

/// <summary>Extends a lease. The reply, sent when the extension is durable, is <see cref="LeaseResults"/> with one entry.</summary>
[ProtoContract(Name = "extend-lease")]
public sealed record ExtendLease : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>The worker.</summary>
    [ProtoMember(2)] public required WorkerId WorkerId { get; init; }

    /// <summary>The lease's epoch.</summary>
    [ProtoMember(3)] public required LeaseEpoch Epoch { get; init; }

    /// <summary>How far to move the deadline, 1 s to 24 h.</summary>
    [ProtoMember(4)] public TimeSpan By { get; init; }
}
