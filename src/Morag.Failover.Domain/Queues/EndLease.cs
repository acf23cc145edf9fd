using Morag.Failover.Contracts.Failover;

namespace Morag.Failover.Domain.Queues;

/// <summary>
/// The coordinator asks the queue, once, to end the lease that a report is about. Answer, to the sender, after the end is durable:
/// <see cref="EndLeaseReply"/> with the same <see cref="Number"/>.
/// </summary>
[ProtoContract(Name = "end-lease")]
public sealed record EndLease : ITaskMessage
{
    /// <summary>The report.</summary>
    [ProtoMember(1)] public required ReportFailure Report { get; init; }

    /// <summary>The coordinator's number for this report, to be repeated in the answer: one task may have several reports under way.</summary>
    [ProtoMember(2)] public long Number { get; init; }

    /// <inheritdoc />
    public TaskId TaskId => Report?.TaskId ?? default; // A message may arrive without it.
}

/// <summary>What the queue knows of a reported lease.</summary>
public enum EndLeaseResult
{
    /// <summary>The lease ended with this report, or an earlier one, and its decision is under way.</summary>
    Ended,

    /// <summary>The lease had ended before and its decision was carried out; the coordinator knows it by the failure's id.</summary>
    EndedBefore,

    /// <summary>The report names a worker or epoch that does not hold the task; nothing changed.</summary>
    Stale,

    /// <summary>No queue here holds the task.</summary>
    NotHeld,
}

/// <summary>The queue's answer about a reported lease.</summary>
[ProtoContract(Name = "end-lease-reply")]
public sealed record EndLeaseReply : ITaskMessage
{
    /// <inheritdoc />
    [ProtoMember(1)] public required TaskId TaskId { get; init; }

    /// <summary>What became of the lease.</summary>
    [ProtoMember(2)] public required EndLeaseResult Ending { get; init; }

    /// <summary>The failure, where the lease ended.</summary>
    [ProtoMember(3)] public LeaseFailure? Failure { get; init; }

    /// <summary>The failure's id, where the lease had ended before.</summary>
    [ProtoMember(4)] public FailureId? FailureId { get; init; }

    /// <summary>Where the task is now, in words, for stale reports.</summary>
    [ProtoMember(5)] public string Detail { get; init; } = "";

    /// <summary>The <see cref="EndLease.Number"/> that it answers.</summary>
    [ProtoMember(6)] public long Number { get; init; }
}
