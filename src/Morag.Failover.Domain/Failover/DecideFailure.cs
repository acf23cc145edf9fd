using Morag.Failover.Domain.Queues;

namespace Morag.Failover.Domain.Failover;

/// <summary>
/// What a queue owes the coordinator for a lease that ended: sent again until the <see cref="Reassign"/> for it arrives.
/// </summary>
[ProtoContract(Name = "decide-failure")]
public sealed record DecideFailure : ITaskMessage
{
    /// <summary>The lease that ended, and the facts of its task.</summary>
    [ProtoMember(1)] public required LeaseFailure Failure { get; init; }

    /// <inheritdoc />
    public TaskId TaskId => Failure?.TaskId ?? default; // A message may arrive without it.
}
